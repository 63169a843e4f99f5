//! Passcodes of share links: Argon2id, because a person chose them.

use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use domain::Secret;

/// A PHC string. `None`: no randomness, or no memory.
pub(super) async fn hash(passcode: Secret) -> Option<String> {
    // Tens of milliseconds of work: off the thread that answers others.
    let hashing = tokio::task::spawn_blocking(move || {
        let hash = Argon2::default().hash_password(passcode.expose().as_bytes());
        hash.map(|hash: argon2::PasswordHash| hash.to_string())
    });
    match hashing.await {
        Ok(Ok(hash)) => Some(hash),
        Ok(Err(_)) | Err(_) => {
            tracing::error!("a passcode cannot be hashed");
            None
        }
    }
}

/// Compared in constant time.
pub(super) async fn is_right(passcode: Secret, hash: String) -> bool {
    let verifying = tokio::task::spawn_blocking(move || {
        Argon2::default().verify_password(passcode.expose().as_bytes(), hash.as_str()).is_ok()
    });
    verifying.await.unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_passcode_opens_its_own_hash_and_no_two_hashes_are_alike() {
        let secret = || Secret::new("harbour-7");
        let (one, two) = (hash(secret()).await.unwrap(), hash(secret()).await.unwrap());
        assert_ne!(one, two);
        assert!(one.starts_with("$argon2id$") && !one.contains("harbour"));
        assert!(is_right(secret(), one.clone()).await);
        assert!(!is_right(Secret::new("harbour-8"), one).await);
        assert!(!is_right(secret(), "no hash".to_owned()).await);
    }
}
