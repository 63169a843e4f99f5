use super::Refused;

/// The header `X-Twilio-Webhooks-Signature-Settings`, as Twilio's own validators read it (twilio-python 9.13,
/// `get_signature_algorithm`): the first `algorithm` that is not blank, in letters of either case, and without one
/// the auth token's.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SignatureSettings<'a> {
    /// `HMAC_SHA1`, or no algorithm. A key that is named beside it is ignored.
    AuthToken,
    /// `HMAC_SHA256` with the shared key of this id.
    SharedKey(&'a str),
}

impl<'a> SignatureSettings<'a> {
    pub(super) fn parse(header: &'a str) -> Result<Self, Refused> {
        let first = |wanted: &str| {
            let mut parts = header.split(',').filter_map(|part| part.split_once('='));
            parts.find_map(|(name, value)| {
                Some(value.trim()).filter(|value| name.trim() == wanted && !value.is_empty())
            })
        };
        match first("algorithm") {
            None => Ok(Self::AuthToken),
            Some(name) if name.eq_ignore_ascii_case("HMAC_SHA1") => Ok(Self::AuthToken),
            Some(name) if name.eq_ignore_ascii_case("HMAC_SHA256") => {
                first("key").map(Self::SharedKey).ok_or(Refused::Settings)
            }
            Some(_) => Err(Refused::Settings),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_algorithm_decides_which_key_is_meant() {
        for header in [
            "",
            " ",
            ",",
            "key=k1",
            "algorithm=",
            "algorithm=HMAC_SHA1",
            "key=k1,algorithm=hmac_sha1",
            "junk",
        ] {
            assert_eq!(SignatureSettings::parse(header), Ok(SignatureSettings::AuthToken), "{header}");
        }
        for header in [
            "key=k1,algorithm=HMAC_SHA256",
            "algorithm=HMAC_SHA256, key=k1",
            "key=k1,algorithm=hmac_sha256,new=1,junk",
            "key=,key=k1,algorithm=HMAC_SHA256",
        ] {
            assert_eq!(SignatureSettings::parse(header), Ok(SignatureSettings::SharedKey("k1")), "{header}");
        }
        for header in ["algorithm=HMAC_SHA256", "key=k1,algorithm=HMAC_MD5", "algorithm=NONE"] {
            assert_eq!(SignatureSettings::parse(header), Err(Refused::Settings), "{header}");
        }
    }
}
