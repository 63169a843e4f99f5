//! Commands and their errors.

use std::net::TcpListener;

use super::process::{Up, switchboard};

fn stderr(command: &mut std::process::Command) -> String {
    let output = command.output().expect("the binary runs");
    assert!(!output.status.success());
    String::from_utf8(output.stderr).expect("text")
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let data = tempfile::tempdir().unwrap();
    let error =
        stderr(switchboard().args(["up", "--once", "--port", &port.to_string(), "--data"]).arg(data.path()));
    assert!(error.contains(&port.to_string()) && error.contains("--port"), "{error}");
}

#[test]
fn a_broken_data_folder_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = stderr(switchboard().args(["up", "--once", "--port", "0", "--data"]).arg(file.path()));
    assert!(error.contains(file.path().to_str().unwrap()) && error.contains("--data"), "{error}");
}

#[test]
fn a_folder_that_another_copy_uses_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let first = Up::start(data.path());
    let error = stderr(switchboard().args(["up", "--no-call", "--port", "0", "--data"]).arg(data.path()));
    assert!(error.contains("in use"), "{error}");
    first.kill();
}

#[test]
fn a_missing_or_unplayable_wav_is_named() {
    let data = tempfile::tempdir().unwrap();
    let error = stderr(switchboard().args(["call", "--wav", "no-such.wav", "--data"]).arg(data.path()));
    assert!(error.contains("no-such.wav"), "{error}");
    let text = data.path().join("text.wav");
    std::fs::write(&text, "not audio").unwrap();
    let error = stderr(switchboard().args(["call", "--wav"]).arg(&text).arg("--data").arg(data.path()));
    assert!(error.contains("text.wav"), "{error}");
}

#[test]
fn without_a_running_system_call_and_env_say_how_to_start_one() {
    let data = tempfile::tempdir().unwrap();
    for command in ["call", "env"] {
        let error = stderr(switchboard().args([command, "--data"]).arg(data.path()));
        assert!(error.contains("switchboard up"), "{command}: {error}");
    }
}

#[cfg(unix)]
#[test]
fn env_speaks_to_the_running_system_and_sigterm_stops_it_cleanly() {
    let data = tempfile::tempdir().unwrap();
    let up = Up::start(data.path());
    let output = switchboard().args(["env", "--data"]).arg(data.path()).output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    for name in ["AWS_ENDPOINT_URL_DYNAMODB", "TABLE_CALLS", "QUEUE_RECORDINGS", "PUBLIC_BASE_URL"] {
        assert!(text.contains(&format!("export {name}='{}'", up.variable(name))), "{name}");
    }
    assert!(
        text.contains("export AWS_DEFAULT_REGION='us-east-1'"),
        "boto3 and the AWS CLI find their region"
    );
    assert!(up.terminate().success());
    assert!(!data.path().join("running.json").exists(), "nothing pretends to be running");
}
