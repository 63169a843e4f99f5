//! The data folder, and the identity a local system keeps over restarts.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use domain::Secret;
use domain::access::{ApiKey, KeyKind};
use serde::{Deserialize, Serialize};

const IDENTITY_FILE: &str = "identity.json";

/// Keys and credentials of one local system: made once, at random, and good for nothing elsewhere.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Identity {
    /// The simulated Twilio account.
    pub account_sid: String,
    pub auth_token: Secret,
    /// What the simulated OpenAI expects.
    pub openai_api_key: Secret,
    pub stream_token_key: Secret,
    /// The demonstration business's key for the API.
    pub api_key: Secret,
    /// The operator's key for the API.
    pub operator_key: Secret,
    /// The app at Meta; none in a system without WhatsApp over Meta itself.
    #[serde(default)]
    pub meta: Option<MetaApp>,
}

/// An app at Meta: what opens the Graph API, signs its webhooks and is shown when it subscribes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MetaApp {
    pub token: Secret,
    pub app_secret: Secret,
    pub verify_token: Secret,
}

impl MetaApp {
    fn random() -> Result<Self, HomeError> {
        let secret = || random_hex(16).map(Secret::new);
        Ok(Self { token: secret()?, app_secret: secret()?, verify_token: secret()? })
    }
}

#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    #[error("cannot use {path} as the data folder: {error}; give another with --data DIR")]
    Folder { path: PathBuf, error: io::Error },
    #[error("{path} is not an identity of this system ({error}); move it away to have a new one made")]
    Identity { path: PathBuf, error: serde_json::Error },
    #[error("the system has no randomness to make keys from")]
    Random,
}

impl Identity {
    /// The identity in `dir`, which is made there first if it is missing.
    pub fn open(dir: &Path) -> Result<Self, HomeError> {
        let folder = |error| HomeError::Folder { path: dir.to_owned(), error };
        create_private_dir(dir).map_err(folder)?;
        let path = dir.join(IDENTITY_FILE);
        match fs::read(&path) {
            Ok(text) => {
                let read = serde_json::from_slice(&text);
                let mut identity: Self =
                    read.map_err(|error| HomeError::Identity { path: path.clone(), error })?;
                // Folders of earlier versions know no app.
                if identity.meta.is_none() {
                    identity.meta = Some(MetaApp::random()?);
                    identity.write(&path).map_err(folder)?;
                }
                Ok(identity)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let identity = Self::random()?;
                identity.write(&path).map_err(folder)?;
                Ok(identity)
            }
            Err(error) => Err(folder(error)),
        }
    }

    pub fn random() -> Result<Self, HomeError> {
        Ok(Self {
            account_sid: format!("AC{}", random_hex(16)?),
            auth_token: Secret::new(random_hex(16)?),
            openai_api_key: Secret::new(format!("local-{}", random_hex(16)?)),
            stream_token_key: Secret::new(random_hex(32)?),
            api_key: api_key(KeyKind::Business)?,
            operator_key: api_key(KeyKind::Operator)?,
            meta: Some(MetaApp::random()?),
        })
    }

    /// Written beside and renamed, so that a kill in between leaves none rather than half of one; readable by
    /// its owner only.
    fn write(&self, path: &Path) -> io::Result<()> {
        let unfinished = path.with_extension("json.new");
        let mut file = create_private(&unfinished)?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        file.sync_all()?;
        fs::rename(unfinished, path)
    }
}

/// Makes a file, or empties it, that is its owner's only; also one that was not.
pub fn create_private(path: &Path) -> io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(file)
}

/// Makes a folder that only its owner enters. An existing one keeps its mode, which its owner chose.
pub fn create_private_dir(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// A new API key.
pub fn api_key(kind: KeyKind) -> Result<Secret, HomeError> {
    let mut random = [0u8; 32];
    getrandom::fill(&mut random).map_err(|_| HomeError::Random)?;
    Ok(ApiKey::of_random(kind, &random).secret().clone())
}

fn random_hex(bytes: usize) -> Result<String, HomeError> {
    let mut buffer = vec![0u8; bytes];
    getrandom::fill(&mut buffer).map_err(|_| HomeError::Random)?;
    Ok(hex::encode(buffer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_made_once_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        let first = Identity::open(dir.path()).unwrap();
        let second = Identity::open(dir.path()).unwrap();
        assert_eq!(first.account_sid, second.account_sid);
        assert_eq!(first.api_key, second.api_key);
        assert!(!format!("{first:?}").contains(first.api_key.expose()));
    }

    #[test]
    fn a_folder_of_an_earlier_version_gets_an_app_at_meta_once() {
        let dir = tempfile::tempdir().unwrap();
        Identity::open(dir.path()).unwrap();
        let path = dir.path().join(IDENTITY_FILE);
        let mut kept: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        kept.as_object_mut().unwrap().remove("meta");
        fs::write(&path, kept.to_string()).unwrap();
        let token = || Identity::open(dir.path()).unwrap().meta.unwrap().token;
        assert_eq!(token(), token());
    }

    #[test]
    fn a_folder_that_cannot_be_one_is_named_in_the_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = Identity::open(file.path()).unwrap_err().to_string();
        assert!(error.contains(&file.path().display().to_string()) && error.contains("--data"), "{error}");
        let broken = tempfile::tempdir().unwrap();
        fs::write(broken.path().join(IDENTITY_FILE), "{").unwrap();
        assert!(matches!(Identity::open(broken.path()), Err(HomeError::Identity { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_and_its_files_are_their_owners_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let parent = tempfile::tempdir().unwrap();
        let (folder, mode) = (parent.path().join("new"), |path: &Path| {
            fs::metadata(path).unwrap().permissions().mode() & 0o777
        });
        Identity::open(&folder).unwrap();
        assert_eq!((mode(&folder), mode(&folder.join(IDENTITY_FILE))), (0o700, 0o600));
        let log = folder.join("switchboard.log");
        fs::write(&log, "of an earlier version").unwrap();
        fs::set_permissions(&log, fs::Permissions::from_mode(0o644)).unwrap();
        create_private(&log).unwrap();
        assert_eq!(mode(&log), 0o600);
    }
}
