//! How a second command finds the running system: a file in the data folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use local::home::create_private;
use serde::{Deserialize, Serialize};

use super::say;

const FILE: &str = "running.json";

/// What the running system tells about itself. Credentials are among it, so the file is its owner's only.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Running {
    pub(super) control_url: String,
    pub(super) environment: BTreeMap<String, String>,
}

/// The file, for as long as the system runs.
pub(super) struct Announced(PathBuf);

impl Running {
    pub(super) fn announce(&self, data: &Path) -> anyhow::Result<Announced> {
        use std::io::Write as _;
        let path = data.join(FILE);
        let write = || create_private(&path)?.write_all(&serde_json::to_vec_pretty(self)?);
        write().with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Announced(path))
    }

    pub(super) fn find(data: &Path) -> anyhow::Result<Self> {
        let path = data.join(FILE);
        let text = fs::read(&path).with_context(|| {
            format!(
                "no system is running with the data folder {}; start one with `switchboard up`",
                data.display()
            )
        })?;
        serde_json::from_slice(&text).with_context(|| format!("{} is not readable", path.display()))
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        // A stale file only makes the next command say that there is no answer.
        let _ = fs::remove_file(&self.0);
    }
}

pub(super) fn print_environment(data: &Path) -> anyhow::Result<()> {
    let mut environment = Running::find(data)?.environment;
    // The SDKs for Rust and Java read the one name, boto3 and the AWS CLI the other.
    if let Some(region) = environment.get("AWS_REGION").cloned() {
        environment.insert("AWS_DEFAULT_REGION".to_owned(), region);
    }
    for (name, value) in environment {
        say(format_args!("export {name}='{}'", value.replace('\'', r"'\''")))?;
    }
    Ok(())
}
