//! What a line that is typed means.

use std::path::PathBuf;

use super::Act;

pub(super) const HELP: &str = "\
  /media FILE [WORDS]   send a picture, a voice note or a document
  /button N | TITLE     press a button: of a numbered list in the last text the N-th
  /react [EMOJI]        react to the last text; without a sign the reaction is taken off
  /stop                 opt out
  /quit                 end; so does the end of the input
  anything else         is a text";

/// One line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Typed {
    Act(Act),
    File { path: PathBuf, caption: String },
    Help,
    Quit,
    Nothing,
    Wrong(String),
}

impl Typed {
    pub(super) fn read(line: &str) -> Self {
        let line = line.trim();
        if line.is_empty() {
            return Self::Nothing;
        }
        let Some(command) = line.strip_prefix('/') else {
            return Self::Act(Act::Say { words: line.to_owned() });
        };
        let (name, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
        let rest = rest.trim();
        match name {
            "media" if rest.is_empty() => Self::Wrong("/media needs a file".to_owned()),
            "media" => {
                let (path, caption) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
                Self::File { path: PathBuf::from(path), caption: caption.trim().to_owned() }
            }
            "button" if rest.is_empty() => Self::Wrong("/button needs a number or a title".to_owned()),
            "button" => Self::Act(Act::Press { button: rest.to_owned() }),
            "react" => Self::Act(Act::React { emoji: rest.to_owned() }),
            "stop" => Self::Act(Act::Stop),
            "quit" | "exit" => Self::Quit,
            "help" | "?" => Self::Help,
            _ => Self::Wrong(format!("/{name} is not known; /help says what is")),
        }
    }
}

impl Act {
    /// Whether an answer is to be expected. A wish to be left alone is confirmed over WhatsApp.
    pub(super) const fn asks(&self) -> bool {
        matches!(self, Self::Say { .. } | Self::Press { .. } | Self::Stop)
    }
}

/// The title of the button that is meant: of a numbered list in `last` the line with that number.
pub(super) fn title(button: &str, last: &str) -> String {
    let numbered = |line: &str| {
        let line = line.trim();
        let (number, title) = line.split_once(['.', ')', ':'])?;
        (number == button && !title.trim().is_empty()).then(|| title.trim().to_owned())
    };
    let is_number = button.bytes().all(|byte| byte.is_ascii_digit());
    let listed = is_number.then(|| last.lines().find_map(numbered)).flatten();
    listed.unwrap_or_else(|| button.to_owned())
}

/// What a file is, by its name.
pub(super) fn content_type(path: &std::path::Path) -> &'static str {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    match extension.to_ascii_lowercase().as_str() {
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "ogg" | "opus" => "audio/ogg; codecs=opus",
        "mp3" => "audio/mpeg",
        "m4a" => "audio/mp4",
        "amr" => "audio/amr",
        "mp4" => "video/mp4",
        "pdf" => "application/pdf",
        "txt" => "text/plain",
        "vcf" => "text/vcard",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_text_unless_it_begins_with_a_slash() {
        let say = |words: &str| Typed::Act(Act::Say { words: words.to_owned() });
        assert_eq!(Typed::read(" Hi there "), say("Hi there"));
        assert_eq!(Typed::read("and/or"), say("and/or"));
        assert_eq!(Typed::read("  "), Typed::Nothing);
        assert_eq!(
            Typed::read("/media a/b.jpg  the brake "),
            Typed::File { path: "a/b.jpg".into(), caption: "the brake".into() }
        );
        assert_eq!(Typed::read("/button 2"), Typed::Act(Act::Press { button: "2".into() }));
        assert_eq!(Typed::read("/react \u{1f44d}"), Typed::Act(Act::React { emoji: "\u{1f44d}".into() }));
        assert_eq!((Typed::read("/stop"), Typed::read("/quit")), (Typed::Act(Act::Stop), Typed::Quit));
        for wrong in ["/media", "/button ", "/fly"] {
            assert!(matches!(Typed::read(wrong), Typed::Wrong(_)), "{wrong}");
        }
    }

    #[test]
    fn a_number_is_the_line_of_a_list() {
        let last = "Which one?\n1. Nine o'clock\n 2) Half past ten\n3:";
        assert_eq!((title("1", last), title("2", last)), ("Nine o'clock".into(), "Half past ten".into()));
        assert_eq!(
            (title("3", last), title("Yes", last), title("1", "")),
            ("3".into(), "Yes".into(), "1".into())
        );
    }

    #[test]
    fn a_file_is_known_by_its_name() {
        assert_eq!(content_type("x/Brake.JPG".as_ref()), "image/jpeg");
        assert_eq!(content_type("brake".as_ref()), "application/octet-stream");
    }
}
