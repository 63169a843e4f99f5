//! `switchboard text`, typed by a program: lines in, what is seen at the phone out.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use super::process::{Up, switchboard};

/// What one sees after these lines.
fn chat(data: &Path, options: &[&str], lines: &str) -> String {
    let mut child = switchboard()
        .args(["text", "--wait", "120", "--data"])
        .arg(data)
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = child.wait_with_output().expect("it ends");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && errors.is_empty(), "{errors}");
    String::from_utf8(output.stdout).expect("text")
}

/// The lines, each without what stands before it.
fn seen(chat: &str) -> Vec<&str> {
    chat.lines().map(str::trim).collect()
}

fn the_demonstration_business_answers_texts_however_they_come() {
    let data = tempfile::tempdir().unwrap();
    let up = Up::start(data.path());
    for (way, ends) in [
        (&["--whatsapp"][..], "sent, delivered, read"),
        (&["--sms"], "sent, delivered"),
        (&["--meta"], "sent, delivered, read"),
        (&["--meta", "--from", "US.13491208655302741918"], "sent, delivered, read"),
    ] {
        let chat = chat(data.path(), way, "When do you open?\nThank you\n");
        let lines = seen(&chat);
        let at = |wanted: &str| {
            let found = lines.iter().position(|line| line.contains(wanted));
            found.unwrap_or_else(|| panic!("{way:?}: no {wanted}\n{chat}"))
        };
        let order = [
            at("When do you open?"),
            at("We are open Monday to Saturday"),
            at("Thank you"),
            at("My pleasure"),
        ];
        assert!(order.is_sorted(), "{chat}");
        assert_eq!(lines.iter().filter(|line| **line == "taken").count(), 2, "{chat}");
        assert_eq!(lines.iter().filter(|line| **line == ends).count(), 2, "{way:?}\n{chat}");
        let is_whatsapp = way[0] != "--sms";
        assert_eq!(chat.contains("is writing"), is_whatsapp, "{chat}");
    }
    up.kill();
}

fn buttons_files_signs_and_wishes_can_be_typed() {
    let data = tempfile::tempdir().unwrap();
    let up = Up::start(data.path());
    let picture = data.path().join("brake.jpg");
    std::fs::write(&picture, b"\xff\xd8\xff\xe0").unwrap();
    let lines = format!(
        "I would like to book a service\n/button 2\n/react \u{1f44d}\n/media {}\n/media nowhere.jpg\n",
        picture.display()
    );
    let wrong = chat_with_error(data.path(), &lines);
    assert!(wrong.contains("nowhere.jpg"), "{wrong}");
    let lines = lines.replace("/media nowhere.jpg\n", "/fly\n/help\n/stop\n/quit\nnot read\n");
    let chat = chat(data.path(), &["--from", "+12025550199"], &lines);
    for part in [
        "2. The second one: ",
        "[The second one: ",
        "It is booked: ",
        "reacts with \u{1f44d}",
        "(brake.jpg)",
        "What is it about",
        "/fly is not known",
        "/media FILE",
        "START",
    ] {
        assert!(chat.contains(part), "{part}\n{chat}");
    }
    assert!(!chat.contains("not read"), "{chat}");
    up.kill();
}

/// The same, where a line is wrong: the error.
fn chat_with_error(data: &Path, lines: &str) -> String {
    let mut child = switchboard()
        .args(["text", "--from", "+12025550198", "--wait", "120", "--data"])
        .arg(data)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = child.wait_with_output().expect("it ends");
    assert!(!output.status.success());
    String::from_utf8(output.stderr).expect("text")
}

fn a_chat_that_cannot_be_says_why() {
    let data = tempfile::tempdir().unwrap();
    let error = |options: &[&str]| {
        let output = switchboard().args(["text", "--data"]).arg(data.path()).args(options).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(error(&[]).contains("switchboard up"), "no system is running");
    assert!(error(&["--sms", "--from", "US.1349"]).contains("SMS needs one"));
    assert!(error(&["--sms", "--meta"]).contains("--meta"));
}

acceptance::tests![
    the_demonstration_business_answers_texts_however_they_come,
    buttons_files_signs_and_wishes_can_be_typed,
    a_chat_that_cannot_be_says_why,
];
