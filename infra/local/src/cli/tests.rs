use clap::Command;
use clap_complete::Shell;

use super::*;

/// Every command that people type, with the words that lead to it.
fn commands() -> Vec<(String, Command)> {
    fn add(path: &str, command: &Command, all: &mut Vec<(String, Command)>) {
        let path = format!("{path} {}", command.get_name());
        for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
            add(&path, below, all);
        }
        all.push((path.trim().to_owned(), command.clone()));
    }
    let mut all = vec![];
    add("", &Cli::command(), &mut all);
    all
}

#[test]
fn every_command_and_everything_that_it_takes_is_explained() {
    Cli::command().debug_assert();
    let commands = commands();
    assert!(commands.len() > 40, "{}", commands.len());
    for (path, command) in commands {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        assert!(about.len() > 8, "{path} is not explained: {about:?}");
        for taken in command.get_arguments() {
            let help = taken.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.len() > 8, "{path}: {} is not explained: {help:?}", taken.get_id());
        }
    }
}

#[test]
fn every_shell_completes_every_command() {
    for shell in [Shell::Bash, Shell::Elvish, Shell::Fish, Shell::PowerShell, Shell::Zsh] {
        let mut script = vec![];
        clap_complete::generate(shell, &mut Cli::command(), "switchboard", &mut script);
        let script = String::from_utf8(script).unwrap();
        for (path, command) in commands() {
            assert!(script.contains(command.get_name()), "{shell} does not complete {path}");
        }
        for flag in ["media-host", "cap-minutes", "cap-usd", "overlap"] {
            assert!(script.contains(flag), "{shell} does not complete --{flag}");
        }
    }
}
