//! Signatures of ID tokens. `jsonwebtoken` reads tokens and keys; the one cryptography of this workspace, ring, verifies.
//!
//! Only signatures of a public key are taken: one that is made with a shared secret, or none, proves nothing.

use domain::access::oidc::Claims;
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind, new_error};
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::signature::{Error as NotVerified, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind, EncodingKey, Validation, decode, decode_header};
use ring::signature as with;
use ring::signature::{RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm};

use super::OidcError;

/// What is said when none of the keys is the token's.
pub(super) const NO_KEY: &str = "it is by no key of the issuer";
const NO_TOKEN: &str = "it is no signed token";
const ALGORITHM: &str = "its algorithm is not taken";
const WRONG: &str = "it does not fit";

/// What the token says, if a key of the issuer signed it.
pub(super) fn verified(token: &str, keys: &JwkSet) -> Result<Claims, OidcError> {
    let header = decode_header(token).map_err(|_| OidcError::Signature(NO_TOKEN))?;
    if method(header.alg).is_none() {
        return Err(OidcError::Signature(ALGORITHM));
    }
    let of_token = |key: &&Jwk| {
        let common = &key.common;
        let named = header.kid.is_none() || common.key_id == header.kid;
        let signs = !matches!(common.public_key_use, Some(PublicKeyUse::Encryption));
        let of_algorithm = common.key_algorithm.is_none_or(|known| known == header.alg.into());
        named && signs && of_algorithm
    };
    let usable = keys.keys.iter().filter(of_token).filter_map(|key| DecodingKey::from_jwk(key).ok());
    let mut usable = usable.filter(|key| key.family() == header.alg.family());
    // Without a name in the token, there must be one key that it could be (OpenID Connect Core, 10.1).
    let (Some(key), None) = (usable.next(), usable.next()) else {
        return Err(OidcError::Signature(NO_KEY));
    };
    // Who, for whom and until when is the domain's question, which asks our own clock.
    let mut validation = Validation::new(header.alg);
    validation.required_spec_claims.clear();
    (validation.validate_exp, validation.validate_aud) = (false, false);
    match decode::<Claims>(token, &key, &validation) {
        Ok(token) => Ok(token.claims),
        Err(error) => Err(match error.kind() {
            ErrorKind::Json(_) => OidcError::Answer("the ID token lacks a claim"),
            _ => OidcError::Signature(WRONG),
        }),
    }
}

/// Has ring verify for `jsonwebtoken`. Doing it again changes nothing.
pub(super) fn install() {
    static PROVIDER: CryptoProvider = CryptoProvider {
        signer_factory: no_signer,
        verifier_factory: verifier,
        key_utils: KeyUtils::new_unimplemented(),
    };
    // An error means that it is installed already.
    let _already = PROVIDER.install_default();
}

enum Method {
    Rsa(&'static with::RsaParameters),
    Bytes(&'static dyn VerificationAlgorithm),
}

/// How the signatures of an algorithm are verified; `None`: they are not taken.
fn method(algorithm: Algorithm) -> Option<Method> {
    Some(match algorithm {
        Algorithm::RS256 => Method::Rsa(&with::RSA_PKCS1_2048_8192_SHA256),
        Algorithm::RS384 => Method::Rsa(&with::RSA_PKCS1_2048_8192_SHA384),
        Algorithm::RS512 => Method::Rsa(&with::RSA_PKCS1_2048_8192_SHA512),
        Algorithm::PS256 => Method::Rsa(&with::RSA_PSS_2048_8192_SHA256),
        Algorithm::PS384 => Method::Rsa(&with::RSA_PSS_2048_8192_SHA384),
        Algorithm::PS512 => Method::Rsa(&with::RSA_PSS_2048_8192_SHA512),
        Algorithm::ES256 => Method::Bytes(&with::ECDSA_P256_SHA256_FIXED),
        Algorithm::ES384 => Method::Bytes(&with::ECDSA_P384_SHA384_FIXED),
        Algorithm::EdDSA => Method::Bytes(&with::ED25519),
        _ => return None,
    })
}

struct Check {
    algorithm: Algorithm,
    method: Method,
    key: DecodingKey,
}

impl Verifier<Vec<u8>> for Check {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), NotVerified> {
        let verified = match (&self.method, self.key.kind()) {
            (Method::Rsa(method), DecodingKeyKind::RsaModulusExponent { n, e }) => {
                let key = RsaPublicKeyComponents { n: without_zeros(n), e: without_zeros(e) };
                key.verify(method, message, signature)
            }
            (Method::Bytes(method), DecodingKeyKind::SecretOrDer(key)) => {
                UnparsedPublicKey::new(*method, key).verify(message, signature)
            }
            (Method::Rsa(_) | Method::Bytes(_), _) => return Err(NotVerified::new()),
        };
        verified.map_err(|_| NotVerified::new())
    }
}

impl JwtVerifier for Check {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    let refused = || new_error(ErrorKind::InvalidAlgorithm);
    let method = method(*algorithm).filter(|_| key.family() == algorithm.family()).ok_or_else(refused)?;
    Ok(Box::new(Check { algorithm: *algorithm, method, key: key.clone() }))
}

/// Nothing is signed here.
fn no_signer(_: &Algorithm, _: &EncodingKey) -> Result<Box<dyn JwtSigner>, Error> {
    Err(new_error(ErrorKind::UnsupportedAlgorithm))
}

/// Some issuers write numbers with the sign's byte in front.
fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
    use serde_json::{Value, json};

    use super::*;

    /// RFC 7515, A.2: a key and a token that it signed. The token is no ID token, which is found out behind its signature.
    const MODULUS: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
    const SIGNED: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

    fn keys(keys: Value) -> JwkSet {
        install();
        serde_json::from_value(json!({ "keys": keys })).unwrap()
    }

    fn rsa(changes: Value) -> Value {
        let mut key = json!({ "kty": "RSA", "n": MODULUS, "e": "AQAB" });
        key.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        key
    }

    #[test]
    fn a_signature_of_rsa_is_verified() {
        let is_signed = Err(OidcError::Answer("the ID token lacks a claim"));
        assert_eq!(verified(SIGNED, &keys(json!([rsa(json!({ "kid": "any", "alg": "RS256" }))]))), is_signed);
        let padded = URL_SAFE_NO_PAD.decode(MODULUS).unwrap();
        let padded = URL_SAFE_NO_PAD.encode([&[0][..], &padded].concat());
        assert_eq!(verified(SIGNED, &keys(json!([rsa(json!({ "n": padded }))]))), is_signed);
        for at in [30, SIGNED.len() - 100] {
            let mut broken = SIGNED.to_owned().into_bytes();
            broken[at] = if broken[at] == b'A' { b'B' } else { b'A' };
            let broken = String::from_utf8(broken).unwrap();
            let refused = verified(&broken, &keys(json!([rsa(json!({}))])));
            assert_eq!(refused, Err(OidcError::Signature(WRONG)), "{at}");
        }
    }

    #[test]
    fn the_key_must_be_certain() {
        for set in [
            json!([]),
            json!([rsa(json!({ "use": "enc" }))]),
            json!([rsa(json!({ "alg": "RS512" }))]),
            json!([{ "kty": "oct", "k": MODULUS }]),
            json!([rsa(json!({ "kid": "one" })), rsa(json!({ "kid": "two" }))]),
        ] {
            assert_eq!(verified(SIGNED, &keys(set.clone())), Err(OidcError::Signature(NO_KEY)), "{set}");
        }
    }

    /// What anybody could have made, and what is no token.
    #[test]
    fn only_signatures_of_public_keys_are_taken() {
        let token = |header: Value| {
            let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
            format!("{}.{}.AAAA", part(&header), part(&json!({ "iss": "x" })))
        };
        let set = keys(json!([rsa(json!({})), { "kty": "oct", "k": "c2VjcmV0" }]));
        for header in [json!({ "alg": "HS256" }), json!({ "alg": "HS512", "typ": "JWT" })] {
            assert_eq!(verified(&token(header), &set), Err(OidcError::Signature(ALGORITHM)));
        }
        for text in
            [token(json!({ "alg": "none" })), token(json!({})), String::new(), "a.b.c".into(), "..".into()]
        {
            assert_eq!(verified(&text, &set), Err(OidcError::Signature(NO_TOKEN)), "{text}");
        }
    }

    #[test]
    fn signatures_of_curves_are_verified() {
        let random = SystemRandom::new();
        let method = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pair = EcdsaKeyPair::generate_pkcs8(method, &random).unwrap();
        let ec = EcdsaKeyPair::from_pkcs8(method, pair.as_ref(), &random).unwrap();
        let ed =
            Ed25519KeyPair::from_pkcs8(Ed25519KeyPair::generate_pkcs8(&random).unwrap().as_ref()).unwrap();
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let point = ec.public_key().as_ref();
        let set = keys(json!([
            { "kty": "EC", "crv": "P-256", "kid": "ec", "x": text(&point[1..33]), "y": text(&point[33..]) },
            { "kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": text(ed.public_key().as_ref()) },
        ]));
        let claims = json!({ "iss": "i", "sub": "s", "aud": "a", "exp": 1, "iat": 1 });
        for (algorithm, kid) in [("ES256", "ec"), ("EdDSA", "ed")] {
            let header = text(json!({ "alg": algorithm, "kid": kid }).to_string().as_bytes());
            let message = format!("{header}.{}", text(claims.to_string().as_bytes()));
            let signature = match kid {
                "ec" => text(ec.sign(&random, message.as_bytes()).unwrap().as_ref()),
                _ => text(ed.sign(message.as_bytes()).as_ref()),
            };
            assert!(verified(&format!("{message}.{signature}"), &set).is_ok(), "{algorithm}");
            let other = text(&[7; 64]);
            let refused = verified(&format!("{message}.{other}"), &set);
            assert_eq!(refused, Err(OidcError::Signature(WRONG)), "{algorithm}");
        }
    }
}
