//! The directory that holds the state, and the lock that keeps a second process out of it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::keys::Keys;
use crate::{StartError, database};

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
        create_private_dir(&objects).map_err(unusable(&objects))?;
        Ok(home)
    }

    /// A database file under the data directory, its owner's only and sound, or `None` for one in memory.
    pub(crate) fn database_file(
        &self,
        service: &'static str,
        name: &str,
    ) -> Result<Option<PathBuf>, StartError> {
        let Self::Kept { root, .. } = self else { return Ok(None) };
        let path = root.join(name);
        private(OpenOptions::new().append(true).create(true)).open(&path).map_err(unusable(&path))?;
        // What an earlier version left open to others. SQLite gives its own two files the mode of the database.
        for suffix in ["", "-wal", "-shm"] {
            let file = root.join(format!("{name}{suffix}"));
            match close_to_others(&file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(unusable(&file)(error)),
                Ok(()) | Err(_) => {}
            }
        }
        let checked = database::check(&path);
        checked.map_err(|error| StartError::Store { service, reason: error.to_string() })?;
        Ok(Some(path))
    }

    /// The keys of this directory, or new ones for one that is not kept.
    pub(crate) fn keys(&self) -> Result<Keys, StartError> {
        match self {
            Self::Kept { root, .. } => Keys::open(root),
            Self::Temporary(_) => Keys::random(),
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
        create_private_dir(&root).map_err(unusable(&root))?;
        let path = root.join("lock");
        let lock =
            private(OpenOptions::new().write(true).create(true)).open(&path).map_err(unusable(&path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self::Kept { root, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StartError::InUse { path: root }),
            Err(TryLockError::Error(source)) => Err(StartError::DataDir { path, source }),
        }
    }
}

/// Files made with these options are their owner's only.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Makes a directory that only its owner enters. An existing one keeps its mode, which its owner chose.
fn create_private_dir(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn close_to_others(file: &Path) -> io::Result<()> {
    #[cfg(unix)]
    fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    #[cfg(not(unix))]
    fs::metadata(file)?;
    Ok(())
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

    #[cfg(unix)]
    #[test]
    fn what_is_kept_is_its_owners_only_also_what_was_not() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("data");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let home = Home::open(Some(root.clone())).unwrap();
        let file = home.database_file("SQS", "sqs.sqlite").unwrap().unwrap();
        assert_eq!((mode(&root), mode(&home.objects_dir()), mode(&file)), (0o700, 0o700, 0o600));
        assert_eq!(mode(&root.join("lock")), 0o600);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        home.database_file("SQS", "sqs.sqlite").unwrap();
        assert_eq!(mode(&file), 0o600);
    }

    #[test]
    fn a_damaged_database_is_named_before_it_is_used() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::open(Some(directory.path().into())).unwrap();
        fs::write(
            directory.path().join("dynamodb.sqlite"),
            "no database at all, though longer than its header is. ".repeat(90),
        )
        .unwrap();
        let error = home.database_file("DynamoDB", "dynamodb.sqlite").unwrap_err().to_string();
        assert!(error.contains("DynamoDB") && error.contains("move"), "{error}");
    }
}
