//! The key pair that the endpoints know: drawn once for each data directory, so that no other directory's opens it.

use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::StartError;
use crate::home::private;

const FILE: &str = "credentials.json";

/// An access key and its secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Keys {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

impl Keys {
    /// New ones, good for one run.
    pub(crate) fn random() -> Result<Self, StartError> {
        Ok(Self { access_key_id: format!("local-{}", random_hex(8)?), secret_access_key: random_hex(20)? })
    }

    /// Those of the directory, drawn now if it has none yet.
    pub(crate) fn open(directory: &Path) -> Result<Self, StartError> {
        let path = directory.join(FILE);
        let unusable = |source| StartError::DataDir { path: path.clone(), source };
        match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| unusable(error.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let keys = Self::random()?;
                keys.write(&path).map_err(unusable)?;
                Ok(keys)
            }
            Err(error) => Err(unusable(error)),
        }
    }

    /// Beside, then renamed: a kill in between leaves none rather than half of one.
    fn write(&self, path: &Path) -> io::Result<()> {
        let unfinished = path.with_extension("json.new");
        let mut file =
            private(fs::OpenOptions::new().write(true).create(true).truncate(true)).open(&unfinished)?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        file.sync_all()?;
        fs::rename(unfinished, path)
    }
}

fn random_hex(bytes: usize) -> Result<String, StartError> {
    let mut buffer = vec![0; bytes];
    getrandom::fill(&mut buffer).map_err(|_| StartError::Random)?;
    Ok(hex::encode(buffer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_keeps_its_keys_and_no_other_has_them() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let keys = Keys::open(one.path()).unwrap();
        assert_eq!(Keys::open(one.path()).unwrap(), keys);
        assert_ne!(Keys::open(two.path()).unwrap(), keys);
        assert!(!format!("{keys:?}").contains(&keys.secret_access_key));
        std::fs::write(two.path().join(FILE), "{").unwrap();
        assert!(Keys::open(two.path()).unwrap_err().to_string().contains(FILE));
    }
}
