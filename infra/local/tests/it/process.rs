//! A running `switchboard up`, and what can be done to it.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// The slowest start that a loaded machine is granted.
const STARTS_WITHIN: Duration = Duration::from_secs(300);

pub(crate) fn switchboard() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_switchboard"));
    let keys = ["META_TOKEN", "META_APP_SECRET", "META_VERIFY_TOKEN"];
    let others =
        ["OPENAI_API_KEY", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "PUBLIC_BASE_URL", "STREAM_URL"];
    for real in keys.into_iter().chain(others) {
        command.env_remove(real);
    }
    command
}

/// `switchboard up --no-call` in a folder of its own.
pub(crate) struct Up {
    child: Child,
    pub(crate) environment: Value,
}

impl Up {
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_with(data, &[])
    }

    pub(crate) fn start_with(data: &Path, options: &[&str]) -> Self {
        let running = data.join("running.json");
        let _ = std::fs::remove_file(&running);
        let child = switchboard()
            .args(["up", "--no-call", "--port", "0", "--data"])
            .arg(data)
            .args(options)
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the binary starts");
        let deadline = Instant::now() + STARTS_WITHIN;
        let environment = loop {
            let announced =
                std::fs::read(&running).ok().and_then(|text| serde_json::from_slice::<Value>(&text).ok());
            if let Some(announced) = announced {
                break announced["environment"].clone();
            }
            assert!(Instant::now() < deadline, "the system did not start");
            std::thread::sleep(Duration::from_millis(20));
        };
        Self { child, environment }
    }

    pub(crate) fn variable(&self, name: &str) -> &str {
        self.environment[name].as_str().unwrap_or_else(|| panic!("{name} is in the environment"))
    }

    /// As `kill -9` does: nothing is flushed, nothing is told.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("the process can be killed");
        self.child.wait().expect("the process is gone");
    }

    #[cfg(unix)]
    pub(crate) fn terminate(mut self) -> std::process::ExitStatus {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status().expect("kill exists");
        assert!(sent.success());
        self.child.wait().expect("the process ends")
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        // A test that failed must not leave a system running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
