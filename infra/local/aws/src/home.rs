//! The directory that holds the state, and the lock that keeps a second process out of it.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::StartError;

#[derive(Debug)]
pub(crate) enum Home {
    /// The lock is the kernel's: it goes with the process, however that ends.
    Kept {
        root: PathBuf,
        _lock: File,
    },
    Temporary(TempDir),
}

impl Home {
    pub(crate) fn open(data_dir: Option<PathBuf>) -> Result<Self, StartError> {
        let home = match data_dir {
            Some(root) => Self::lock(root)?,
            None => Self::Temporary(tempfile::tempdir().map_err(unusable(&std::env::temp_dir()))?),
        };
        let objects = home.objects_dir();
        fs::create_dir_all(&objects).map_err(unusable(&objects))?;
        Ok(home)
    }

    /// A database file under the data directory, or `None` for one in memory.
    pub(crate) fn database_file(&self, name: &str) -> Option<PathBuf> {
        match self {
            Self::Kept { root, .. } => Some(root.join(name)),
            Self::Temporary(_) => None,
        }
    }

    /// Where S3 keeps the bytes of objects.
    pub(crate) fn objects_dir(&self) -> PathBuf {
        match self {
            Self::Kept { root, .. } => root.join("objects"),
            Self::Temporary(directory) => directory.path().join("objects"),
        }
    }

    fn lock(root: PathBuf) -> Result<Self, StartError> {
        fs::create_dir_all(&root).map_err(unusable(&root))?;
        let path = root.join("lock");
        let lock = File::create(&path).map_err(unusable(&path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self::Kept { root, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StartError::InUse { path: root }),
            Err(TryLockError::Error(source)) => Err(StartError::DataDir { path, source }),
        }
    }
}

fn unusable(path: &Path) -> impl FnOnce(io::Error) -> StartError {
    move |source| StartError::DataDir { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_directory_admits_one_holder_at_a_time() {
        let directory = tempfile::tempdir().unwrap();
        let first = Home::open(Some(directory.path().into())).unwrap();
        let second = Home::open(Some(directory.path().into()));
        assert!(matches!(second, Err(StartError::InUse { .. })), "{second:?}");
        drop(first);
        Home::open(Some(directory.path().into())).unwrap();
    }

    #[test]
    fn a_file_in_the_place_of_the_directory_is_named_in_the_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = Home::open(Some(file.path().into())).unwrap_err();
        assert!(error.to_string().contains(file.path().to_str().unwrap()), "{error}");
    }
}
