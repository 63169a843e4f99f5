//! Checksums of objects: computed as the bytes come, kept with the object, returned on request ("Checking object
//! integrity", S3 User Guide).

use base64::prelude::{BASE64_STANDARD, Engine};
use http::HeaderMap;
use s3s::checksum::ChecksumHasher;
use s3s::dto::{Checksum, ChecksumAlgorithm, ChecksumType};
use s3s::{S3Result, s3_error};
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "UPPERCASE")]
pub(super) enum Algorithm {
    Crc32,
    Crc32c,
    Crc64Nvme,
    Sha1,
    Sha256,
}

impl Algorithm {
    const ALL: &[Self] = Self::VARIANTS;

    /// As requests name it.
    fn as_str(self) -> &'static str {
        self.into()
    }

    fn header(self) -> String {
        format!("x-amz-checksum-{}", self.as_str().to_ascii_lowercase())
    }

    pub(super) fn hasher(self) -> ChecksumHasher {
        let mut hasher = ChecksumHasher::default();
        match self {
            Self::Crc32 => hasher.crc32 = Some(Default::default()),
            Self::Crc32c => hasher.crc32c = Some(Default::default()),
            Self::Crc64Nvme => hasher.crc64nvme = Some(Default::default()),
            Self::Sha1 => hasher.sha1 = Some(Default::default()),
            Self::Sha256 => hasher.sha256 = Some(Default::default()),
        }
        hasher
    }

    fn of(self, computed: &Checksum) -> Option<&String> {
        match self {
            Self::Crc32 => computed.checksum_crc32.as_ref(),
            Self::Crc32c => computed.checksum_crc32c.as_ref(),
            Self::Crc64Nvme => computed.checksum_crc64nvme.as_ref(),
            Self::Sha1 => computed.checksum_sha1.as_ref(),
            Self::Sha256 => computed.checksum_sha256.as_ref(),
        }
    }
}

/// How the checksum of an upload in parts is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manner {
    pub(super) algorithm: Algorithm,
    /// Over the bytes of the object, not over the checksums of its parts.
    pub(super) whole: bool,
}

impl Manner {
    /// What S3 adds of itself.
    pub(super) const DEFAULT: Self = Self { algorithm: Algorithm::Crc64Nvme, whole: true };

    pub(super) fn of_upload(
        algorithm: Option<&ChecksumAlgorithm>,
        kind: Option<&ChecksumType>,
    ) -> S3Result<Self> {
        let Some(named) = algorithm.map(ChecksumAlgorithm::as_str) else { return Ok(Self::DEFAULT) };
        let known = Algorithm::ALL.iter().copied().find(|known| known.as_str() == named);
        let algorithm = known.ok_or_else(|| s3_error!(InvalidRequest, "{named} is no checksum algorithm"))?;
        let usual = algorithm == Algorithm::Crc64Nvme;
        let whole = kind.map_or(usual, |kind| kind.as_str() == ChecksumType::FULL_OBJECT);
        let possible = match algorithm {
            Algorithm::Crc64Nvme => whole,
            Algorithm::Sha1 | Algorithm::Sha256 => !whole,
            Algorithm::Crc32 | Algorithm::Crc32c => true,
        };
        if !possible {
            return Err(s3_error!(InvalidRequest, "{named} has no checksum of that type"));
        }
        Ok(Self { algorithm, whole })
    }
}

/// A checksum that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sum {
    pub(super) manner: Manner,
    /// Base64, and `-<parts>` if it is over checksums of parts.
    pub(super) value: String,
}

impl Sum {
    /// Of a body that came as a whole.
    pub(super) fn of_body(computed: &Checksum) -> Option<Self> {
        Algorithm::ALL.iter().copied().find_map(|algorithm| {
            let value = algorithm.of(computed)?.clone();
            Some(Self { manner: Manner { algorithm, whole: true }, value })
        })
    }

    /// The fields of S3's answers.
    pub(super) fn fields(&self) -> Checksum {
        let mut fields = Checksum::default();
        let field = match self.manner.algorithm {
            Algorithm::Crc32 => &mut fields.checksum_crc32,
            Algorithm::Crc32c => &mut fields.checksum_crc32c,
            Algorithm::Crc64Nvme => &mut fields.checksum_crc64nvme,
            Algorithm::Sha1 => &mut fields.checksum_sha1,
            Algorithm::Sha256 => &mut fields.checksum_sha256,
        };
        *field = Some(self.value.clone());
        let kind = if self.manner.whole { ChecksumType::FULL_OBJECT } else { ChecksumType::COMPOSITE };
        fields.checksum_type = Some(ChecksumType::from_static(kind));
        fields
    }
}

/// The checksum of an upload in parts, fed part by part.
pub(super) struct OfParts {
    manner: Manner,
    outer: ChecksumHasher,
    parts: usize,
}

impl OfParts {
    pub(super) fn new(manner: Manner) -> Self {
        Self { manner, outer: manner.algorithm.hasher(), parts: 0 }
    }

    /// Begins a part; `None` if parts make no difference.
    pub(super) fn part(&mut self) -> Option<ChecksumHasher> {
        self.parts += 1;
        (!self.manner.whole).then(|| self.manner.algorithm.hasher())
    }

    pub(super) fn update(&mut self, part: &mut Option<ChecksumHasher>, bytes: &[u8]) {
        part.as_mut().unwrap_or(&mut self.outer).update(bytes);
    }

    pub(super) fn end_part(&mut self, part: Option<ChecksumHasher>) {
        let digest = part.map(ChecksumHasher::finalize);
        let digest = digest.as_ref().and_then(|computed| self.manner.algorithm.of(computed));
        if let Some(digest) = digest.and_then(|text| BASE64_STANDARD.decode(text).ok()) {
            self.outer.update(&digest);
        }
    }

    pub(super) fn finish(self) -> Option<Sum> {
        let mut sum = Sum::of_body(&self.outer.finalize())?;
        sum.manner = self.manner;
        if !self.manner.whole {
            sum.value = format!("{}-{}", sum.value, self.parts);
        }
        Some(sum)
    }
}

/// The checksums a request carries, or says its trailers will. Of a body that comes without any, S3's own is taken.
pub(super) struct Announced {
    hasher: ChecksumHasher,
    sent: bool,
}

impl Announced {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let trailers: Vec<&str> =
            headers.get_all("x-amz-trailer").iter().filter_map(|value| value.to_str().ok()).collect();
        let carries = |algorithm: Algorithm| {
            let name = algorithm.header();
            headers.contains_key(&name)
                || trailers
                    .iter()
                    .any(|list| list.split(',').any(|item| item.trim().eq_ignore_ascii_case(&name)))
        };
        let hasher = ChecksumHasher {
            crc32: carries(Algorithm::Crc32).then(Default::default),
            crc32c: carries(Algorithm::Crc32c).then(Default::default),
            sha1: carries(Algorithm::Sha1).then(Default::default),
            sha256: carries(Algorithm::Sha256).then(Default::default),
            crc64nvme: carries(Algorithm::Crc64Nvme).then(Default::default),
        };
        let sent = Algorithm::ALL.iter().copied().any(carries);
        Self { hasher: if sent { hasher } else { Manner::DEFAULT.algorithm.hasher() }, sent }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
    }

    /// The body's checksum, if every one that was sent is right.
    pub(super) fn verified(self, headers: &HeaderMap, trailers: &HeaderMap) -> S3Result<Option<Sum>> {
        let computed = self.hasher.finalize();
        for algorithm in Algorithm::ALL.iter().copied().filter(|_| self.sent) {
            let Some(value) = algorithm.of(&computed) else { continue };
            let name = algorithm.header();
            let sent = headers.get(&name).or_else(|| trailers.get(&name));
            if sent.is_none_or(|sent| sent.as_bytes() != value.as_bytes()) {
                return Err(s3_error!(BadDigest, "{name} is not that of the body, which is {value}"));
            }
        }
        Ok(Sum::of_body(&computed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(manner: Manner, parts: &[&[u8]]) -> String {
        let mut sum = OfParts::new(manner);
        for bytes in parts {
            let mut part = sum.part();
            sum.update(&mut part, bytes);
            sum.end_part(part);
        }
        sum.finish().unwrap().value
    }

    #[test]
    fn a_whole_checksum_knows_no_parts_and_a_composite_one_counts_them() {
        let whole = |algorithm| Manner { algorithm, whole: true };
        // CRC-32 of "123456789", the check value of the algorithm's catalogues.
        assert_eq!(
            over(whole(Algorithm::Crc32), &[b"1234", b"56789"]),
            BASE64_STANDARD.encode([0xCB, 0xF4, 0x39, 0x26])
        );
        let nvme = 0xAE8B_1486_0A79_9888_u64.to_be_bytes();
        assert_eq!(over(Manner::DEFAULT, &[b"123456789"]), BASE64_STANDARD.encode(nvme));
        let composite = Manner { algorithm: Algorithm::Crc32, whole: false };
        let inner = [[0xCB, 0xF4, 0x39, 0x26], [0xCB, 0xF4, 0x39, 0x26]].concat();
        let outer = over(whole(Algorithm::Crc32), &[&inner]);
        assert_eq!(over(composite, &[b"123456789", b"123456789"]), format!("{outer}-2"));
    }

    #[test]
    fn an_upload_is_summed_as_it_asks_and_as_its_algorithm_can() {
        let manner = |algorithm: Option<&'static str>, kind: Option<&'static str>| {
            let algorithm = algorithm.map(ChecksumAlgorithm::from_static);
            Manner::of_upload(algorithm.as_ref(), kind.map(ChecksumType::from_static).as_ref()).ok()
        };
        assert_eq!(manner(None, None), Some(Manner::DEFAULT));
        assert_eq!(manner(Some("CRC32"), None), Some(Manner { algorithm: Algorithm::Crc32, whole: false }));
        let full = Some("FULL_OBJECT");
        assert_eq!(manner(Some("CRC32"), full), Some(Manner { algorithm: Algorithm::Crc32, whole: true }));
        assert_eq!(manner(Some("SHA256"), full), None);
        assert_eq!(manner(Some("CRC64NVME"), Some("COMPOSITE")), None);
        assert_eq!(manner(Some("MD5"), None), None);
    }
}
