//! Commands and their errors.

use std::net::TcpListener;

use super::process::{Up, switchboard};

fn stderr(command: &mut std::process::Command) -> String {
    let output = command.output().expect("the binary runs");
    assert!(!output.status.success());
    String::from_utf8(output.stderr).expect("text")
}

fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let data = tempfile::tempdir().unwrap();
    let error =
        stderr(switchboard().args(["up", "--once", "--port", &port.to_string(), "--data"]).arg(data.path()));
    assert!(error.contains(&port.to_string()) && error.contains("--port"), "{error}");
}

fn a_broken_data_folder_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = stderr(switchboard().args(["up", "--once", "--port", "0", "--data"]).arg(file.path()));
    assert!(error.contains(file.path().to_str().unwrap()) && error.contains("--data"), "{error}");
}

fn a_folder_that_another_copy_uses_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let first = Up::start(data.path());
    let error = stderr(switchboard().args(["up", "--no-call", "--port", "0", "--data"]).arg(data.path()));
    assert!(error.contains("in use"), "{error}");
    first.kill();
}

fn a_missing_or_unplayable_wav_is_named() {
    let data = tempfile::tempdir().unwrap();
    let error = stderr(switchboard().args(["call", "--wav", "no-such.wav", "--data"]).arg(data.path()));
    assert!(error.contains("no-such.wav"), "{error}");
    let text = data.path().join("text.wav");
    std::fs::write(&text, "not audio").unwrap();
    let error = stderr(switchboard().args(["call", "--wav"]).arg(&text).arg("--data").arg(data.path()));
    assert!(error.contains("text.wav"), "{error}");
}

fn without_a_running_system_call_env_and_text_say_how_to_start_one() {
    let data = tempfile::tempdir().unwrap();
    for command in ["call", "env", "text"] {
        let error = stderr(switchboard().args([command, "--data"]).arg(data.path()));
        assert!(error.contains("switchboard up"), "{command}: {error}");
    }
}

#[cfg(unix)]
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

/// Case C21. The addresses to enter at Twilio keep the path of the public address.
fn printed_addresses_keep_the_path_of_the_public_address() {
    use std::io::{BufRead as _, BufReader};
    let data = tempfile::tempdir().unwrap();
    let mut child = switchboard()
        .args([
            "up",
            "--no-call",
            "--port",
            "0",
            "--public-base-url",
            "https://calls.example/prefix",
            "--data",
        ])
        .arg(data.path())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let printed = lines.take_while(|line| !line.contains("Ctrl-C")).collect::<Vec<_>>().join("\n");
    child.kill().unwrap();
    child.wait().unwrap();
    for path in ["/twilio/voice/inbound", "/twilio/voice/status"] {
        assert!(printed.contains(&format!("https://calls.example/prefix{path}#")), "{printed}");
    }
}

/// `switchboard env | head -1`: a reader that closes the pipe early causes no error.
#[cfg(unix)]
fn a_reader_that_has_enough_ends_a_command_quietly() {
    let data = tempfile::tempdir().unwrap();
    let up = Up::start(data.path());
    for command in [vec!["env"], vec!["call"], vec!["redrive"]] {
        let mut child = switchboard()
            .args(&command)
            .arg("--data")
            .arg(data.path())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        // Closed before a line is written, as `head -0` does it.
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && error.is_empty(), "{command:?}: {error}");
    }
    up.kill();
}

/// Case C19. A file without a sample is refused; one without a sound is played, and said to be silent.
fn a_silent_recording_is_said_to_be_silent() {
    let data = tempfile::tempdir().unwrap();
    let wav = |samples: &[u8]| {
        let mut bytes =
            b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0"
                .to_vec();
        bytes.extend(b"data\0\0\0\0");
        bytes.extend(samples);
        bytes
    };
    let path = data.path().join("caller.wav");
    std::fs::write(&path, wav(&[])).unwrap();
    let error = stderr(switchboard().args(["call", "--wav"]).arg(&path).arg("--data").arg(data.path()));
    assert!(error.contains("no samples"), "{error}");
    std::fs::write(&path, wav(&[0; 1_600])).unwrap();
    // No system is running, so no call follows.
    let output =
        switchboard().args(["call", "--wav"]).arg(&path).arg("--data").arg(data.path()).output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().contains("is silent"));
}

/// What the API refuses reaches the person who typed, with the field; what is missing is named.
fn an_error_of_the_api_is_told_in_words() {
    let data = tempfile::tempdir().unwrap();
    let up = Up::start(data.path());
    let typed = |words: &[&str]| {
        let mut command = switchboard();
        command.args(words).env("SWITCHBOARD_URL", up.variable("SWITCHBOARD_URL"));
        command.env("SWITCHBOARD_KEY", up.variable("SWITCHBOARD_KEY"));
        command
    };
    let error = stderr(&mut typed(&["number", "take", "12345"]));
    assert!(error.contains("/number: not an E.164"), "{error}");
    let error = stderr(&mut typed(&["business", "list"]));
    assert!(error.contains("403 scope") && error.contains("businesses:read"), "{error}");
    let error = stderr(switchboard().args(["key", "list"]).env_remove("SWITCHBOARD_URL"));
    assert!(error.contains("SWITCHBOARD_URL"), "{error}");
    let output = typed(&["number", "list", "--json"]).output().unwrap();
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["numbers"][0]["number"], "+12025550143");
    let profile = data.path().join("profile.toml");
    let (url, key) = (up.variable("SWITCHBOARD_URL"), up.variable("OPERATOR_KEY"));
    std::fs::write(&profile, format!("url = \"{url}\"\nkey = \"{key}\"\n")).unwrap();
    let output = switchboard().args(["business", "list", "--profile"]).arg(&profile).output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().contains("harbour-bicycles"));
    up.kill();
}

/// Beside the local system everything is proven that can be; a fault ends in an error.
fn doctor_proves_the_local_system_and_tells_a_fault() {
    let data = tempfile::tempdir().unwrap();
    let up = Up::start(data.path());
    let doctor = |key: &str, media: &str| {
        let mut command = switchboard();
        command.args(["doctor", "--json"]).env("SWITCHBOARD_URL", up.variable("SWITCHBOARD_URL"));
        let output = command.env("SWITCHBOARD_KEY", key).env("STREAM_URL", media).output().unwrap();
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.success(), report)
    };
    let (operator, media) = (up.variable("OPERATOR_KEY"), up.variable("STREAM_URL"));
    let (proven, report) = doctor(operator, media);
    assert!(proven && report["ok"] == true, "{report:#}");
    let checks = report["checks"].as_array().unwrap();
    let open: Vec<_> =
        checks.iter().filter(|check| check["state"] != "proven").map(|check| &check["name"]).collect();
    let plain = ["certificate of the API", "certificate of the media host", "secret age"];
    assert_eq!(open, plain, "{report:#}");
    assert!(checks.len() > 20, "{report:#}");

    let (proven, report) = doctor(up.variable("SWITCHBOARD_KEY"), media);
    assert!(proven, "what a business's key cannot see is not proven, and no fault: {report:#}");
    let (proven, report) = doctor(operator, "ws://127.0.0.1:1");
    assert!(!proven && report["ok"] == false, "{report:#}");
    let mut command = switchboard();
    command.args(["doctor", "--media-host", "127.0.0.1:1", "--key", operator]);
    let output = command.env("SWITCHBOARD_URL", up.variable("SWITCHBOARD_URL")).output().unwrap();
    assert!(!output.status.success());
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("FAULT") && table.contains("not proven"), "{table}");
    up.kill();
}

/// A calendar and a service of documents, and an appointment from its slot to its end.
fn appointments_are_made_and_called_off_from_the_terminal() {
    let data = tempfile::tempdir().unwrap();
    let up = Up::start(data.path());
    let typed = |words: &[&str]| {
        let mut command = switchboard();
        command.args(words).env("SWITCHBOARD_URL", up.variable("SWITCHBOARD_URL"));
        let output = command.env("SWITCHBOARD_KEY", up.variable("SWITCHBOARD_KEY")).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{words:?}: {told}");
        String::from_utf8(output.stdout).unwrap()
    };
    let json = |words: &[&str]| -> serde_json::Value {
        serde_json::from_str(&typed(&[words, &["--json"]].concat())).unwrap()
    };
    let file = |name: &str, text: &str| {
        let path = data.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let week = days.map(|day| format!(r#""{day}": ["00:00-24:00"]"#)).join(", ");
    let calendar = file("calendar.json", &format!(r#"{{ "name": "Berta", "week": {{ {week} }} }}"#));
    let service = file("service.json", r#"{ "name": "Fitting", "minutes": 30, "calendars": ["berta"] }"#);
    for _ in 0..2 {
        typed(&["calendars", "put", "berta", &calendar]);
        typed(&["calendars", "put-service", "fitting", &service]);
    }
    assert!(
        typed(&["calendars", "list"]).contains("Berta")
            && typed(&["calendars", "services"]).contains("Fitting")
    );
    let slots = json(&["appointments", "slots", "fitting", "--limit", "10"]);
    let start = slots["slots"][5]["start"].as_str().unwrap();
    let book = ["appointments", "book", "fitting", start, "Maria Huber", "--number", "+12025550143"];
    let (booked, again) = (json(&book), json(&book));
    assert_eq!(booked["id"], again["id"], "a command that is repeated books nothing twice");
    let id = booked["id"].as_str().unwrap();
    assert!(typed(&["appointments", "list"]).contains("Maria Huber"));
    assert_eq!(json(&["appointments", "reminders", id])["reminders"], serde_json::json!([]));
    assert_eq!(json(&["appointments", "cancel", id])["status"], "cancelled");
    assert!(json(&["calendars", "feed", "berta"])["url"].as_str().unwrap().ends_with(".ics"));
    assert_eq!(typed(&["calendars", "sources", "berta"]).trim(), "none");
    up.kill();
}

acceptance::tests![
    appointments_are_made_and_called_off_from_the_terminal,
    doctor_proves_the_local_system_and_tells_a_fault,
    an_error_of_the_api_is_told_in_words,
    a_port_in_use_is_named,
    a_broken_data_folder_is_named,
    a_folder_that_another_copy_uses_is_refused,
    a_missing_or_unplayable_wav_is_named,
    without_a_running_system_call_env_and_text_say_how_to_start_one,
    env_speaks_to_the_running_system_and_sigterm_stops_it_cleanly,
    printed_addresses_keep_the_path_of_the_public_address,
    a_reader_that_has_enough_ends_a_command_quietly,
    a_silent_recording_is_said_to_be_silent,
];
