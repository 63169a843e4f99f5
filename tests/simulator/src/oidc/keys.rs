//! The issuer's keys: what they sign, and what is shown of them.

use std::fmt::Display;
use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::rsa;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use serde_json::{Value, json};

/// The key of RFC 7515, A.2: every reader of that document has it, so it protects nothing. An RSA key that is made anew
/// takes seconds.
const N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
const E: &str = "AQAB";
const D: &str = "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ";
const P: &str = "4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc";
const Q: &str = "uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t62wDmpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc";
const DP: &str = "BwKfV3Akq5_MFZDFZCnW-wzl-CCo83WoZvnLQwCTeDv8uzluRSnm71I3QCLdhrqE2e9YkxvuxdBfpT_PI7Yz-FOKnu1R6HsJeDCjn12Sk3vmAktV2zb34MCdy7cpdTh_YVr7tss2u6vneTwrA86rZtu5Mbr1C1XsmvkxHQAdYo0";
const DQ: &str = "h_96-mK1R_7glhsum81dZxjTnYynPbZpHziZjeeHcXYsXaaMwkOlODsWa7I9xXDoRwbKgB719rrmI2oKr6N3Do9U0ajaHF-NKJnwgjMd2w9cjz3_-kyNlxAr2v4IKhGNpmM5iIgOS1VZnOZ68m6_pbLBSp3nssTdlqvd0tIiTHU";
const Q_INVERSE: &str = "IYd7DHOhrWvxkwPQsRM2tOgrjbcrfvtQJipd-DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd_QJQ3ydy5cY7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp_gh6A5603k2-ZQwVK0JKSHuLFkuQ3U";

/// A key that signs.
pub(super) struct Signer {
    /// Its name (`kid`).
    pub(super) id: &'static str,
    pub(super) algorithm: &'static str,
    pair: Pair,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ec(Box<EcdsaKeyPair>),
}

/// A key of RSA, as most issuers have.
pub(super) fn published() -> io::Result<Signer> {
    let part = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(io::Error::other);
    let components = rsa::KeyPairComponents {
        public_key: rsa::PublicKeyComponents { n: part(N)?, e: part(E)? },
        d: part(D)?,
        p: part(P)?,
        q: part(Q)?,
        dP: part(DP)?,
        dQ: part(DQ)?,
        qInv: part(Q_INVERSE)?,
    };
    let pair = RsaKeyPair::from_components(&components).map_err(broken)?;
    Ok(Signer { id: "published", algorithm: "RS256", pair: Pair::Rsa(Box::new(pair)) })
}

/// A key of the curve P-256, made now.
pub(super) fn made() -> io::Result<Signer> {
    let (method, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
    let document = EcdsaKeyPair::generate_pkcs8(method, &random).map_err(broken)?;
    let pair = EcdsaKeyPair::from_pkcs8(method, document.as_ref(), &random).map_err(broken)?;
    Ok(Signer { id: "made", algorithm: "ES256", pair: Pair::Ec(Box::new(pair)) })
}

/// The errors of ring say little.
fn broken(error: impl Display) -> io::Error {
    io::Error::other(error.to_string())
}

impl Signer {
    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                let signed = pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature);
                signed.map(|()| signature).unwrap_or_default()
            }
            Pair::Ec(pair) => {
                pair.sign(&random, message).map(|signature| signature.as_ref().to_vec()).unwrap_or_default()
            }
        }
    }

    /// What is shown of it (RFC 7517).
    pub(super) fn public(&self) -> Value {
        let mut key = match &self.pair {
            Pair::Rsa(_) => json!({ "kty": "RSA", "n": N, "e": E }),
            Pair::Ec(pair) => {
                // An uncompressed point: a byte, x, y.
                let point = pair.public_key().as_ref();
                let (x, y) = (point.get(1..33).unwrap_or_default(), point.get(33..65).unwrap_or_default());
                let text = |number: &[u8]| URL_SAFE_NO_PAD.encode(number);
                json!({ "kty": "EC", "crv": "P-256", "x": text(x), "y": text(y) })
            }
        };
        key["kid"] = self.id.into();
        key["alg"] = self.algorithm.into();
        key["use"] = "sig".into();
        key
    }
}
