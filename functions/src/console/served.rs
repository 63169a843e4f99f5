//! What a browser gets of a source file of the console: its lines without indentation, without comments that begin a line
//! and without casts for the type checker; style sheets and declarations without spaces that mean nothing.
//!
//! The console has a bound of 150,000 bytes, raw, as they go over the wire; indentation and documentation would be a tenth of
//! them and help no browser. Every line stays, if only an empty one, so that a line number in a browser is that of the source.
//! No build is needed for that, and no parser: a comment after code stays, and what is vendored is served as it was made.

use std::borrow::Cow;

/// What begins a comment of this kind of file.
struct Comments {
    /// To the end of the line.
    line: Option<&'static str>,
    block: (&'static str, &'static str),
    /// Whether spaces beside punctuation mean nothing in a line.
    spaced: fn(&str) -> bool,
}

/// How a cast for the type checker begins, in the middle of a line.
const CAST: &str = "/** @type ";
/// Punctuation with its spaces, and without. A colon in front of a selector has none behind it.
const SPACED: [(&str, &str); 6] =
    [(": ", ":"), ("; ", ";"), (", ", ","), (" {", "{"), ("{ ", "{"), (" }", "}")];
/// How lines of JavaScript begin that are no part of a template.
const DECLARATIONS: [&str; 5] = ["const {", "const [", "function ", "async function ", "export function "];

/// The file `name` as it is served. Lines within a template literal of JavaScript are treated as all others, so that none of
/// them may begin as a comment does; a test reads every file with a parser of JavaScript and compares the tokens.
pub(super) fn served<'a>(name: &str, source: Cow<'a, [u8]>) -> Cow<'a, [u8]> {
    let Some(comments) = comments(name) else { return source };
    match std::str::from_utf8(&source) {
        Ok(text) => Cow::Owned(plain(text, &comments).into_bytes()),
        Err(_) => source,
    }
}

fn comments(name: &str) -> Option<Comments> {
    if name.starts_with("vendor/") {
        return None;
    }
    match name.rsplit('.').next()? {
        "js" => Some(Comments { line: Some("//"), block: ("/*", "*/"), spaced: is_declaration }),
        "css" => Some(Comments { line: None, block: ("/*", "*/"), spaced: |_| true }),
        "html" => Some(Comments { line: None, block: ("<!--", "-->"), spaced: |_| false }),
        _ => None,
    }
}

fn plain(source: &str, Comments { line, block: (begin, end), spaced }: &Comments) -> String {
    let mut text = String::with_capacity(source.len());
    let mut in_block = false;
    for whole in source.split_inclusive('\n') {
        let mut rest = whole.trim();
        loop {
            if in_block {
                in_block = !rest.contains(end);
                rest = rest.split_once(end).map_or("", |(_, after)| after.trim_start());
                if in_block {
                    break;
                }
            } else if let Some(after) = rest.strip_prefix(begin) {
                in_block = true;
                rest = after;
            } else {
                break;
            }
        }
        if line.is_some_and(|line| rest.starts_with(line)) {
            rest = "";
        }
        let rest = without_casts(rest, end);
        if spaced(&rest) {
            text.push_str(
                &SPACED.iter().fold(rest, |line, (wide, narrow)| line.replace(wide, narrow).into()),
            );
        } else {
            text.push_str(&rest);
        }
        if whole.ends_with('\n') {
            text.push('\n');
        }
    }
    text
}

/// An import, or a declaration in which nothing is quoted.
fn is_declaration(line: &str) -> bool {
    let begins = |all: &[&str]| all.iter().any(|begin| line.starts_with(begin));
    begins(&["import {"]) || (begins(&DECLARATIONS) && !line.contains(['"', '\'', '`', '/']))
}

fn without_casts<'a>(line: &'a str, end: &str) -> Cow<'a, str> {
    let mut line = Cow::Borrowed(line);
    while let Some((before, cast)) = line.split_once(CAST)
        && let Some((_, after)) = cast.split_once(end)
    {
        line = Cow::Owned(format!("{before}{}", after.trim_start()));
    }
    line
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Files;
    use super::*;

    fn of(name: &str, source: &str) -> String {
        String::from_utf8(served(name, Cow::Borrowed(source.as_bytes())).into_owned()).unwrap()
    }

    #[test]
    fn comments_that_begin_a_line_and_indentation_go() {
        let cases = [
            ("// One.\nlet a;\n", "\nlet a;\n"),
            ("\t\tlet a; // After code.\n", "let a; // After code.\n"),
            ("/** @param {number} n */\nfunction f(n) {\n\treturn n;\n}", "\nfunction f(n){\nreturn n;\n}"),
            ("/**\n * Two\n * lines. // Not one of its own.\n */\nlet a;\n", "\n\n\n\nlet a;\n"),
            ("/* One. */ /* Two. */ let a;\n", "let a;\n"),
            ("/* One. */ // Two.\nlet a;\n", "\nlet a;\n"),
            ("/* One\nend. */ let a = `x`;\n", "\nlet a = `x`;\n"),
            ("f(/** @type {any[]} */ ([]), /** @type {any} */ (0));\n", "f(([]), (0));\n"),
            (
                "import { a, b } from \"./c.js\";\nf({ a, b });\n",
                "import{a,b} from \"./c.js\";\nf({ a, b });\n",
            ),
            (
                "const { a, b } = f({ c: 1 });\nconst { a } = \"b, c\";\n",
                "const{a,b} = f({c:1});\nconst { a } = \"b, c\";\n",
            ),
            (
                "const a = \"// no comment\";\nconst b = `/* none */`;\n",
                "const a = \"// no comment\";\nconst b = `/* none */`;\n",
            ),
            ("const a =\n\t/\\/\\*x/;\n", "const a =\n/\\/\\*x/;\n"),
            ("a\r\n  b", "a\nb"),
            ("", ""),
            ("\n\n", "\n\n"),
            ("/* never ends\nlet a;", "\n"),
            ("/*/ not its end */let a;\n", "let a;\n"),
        ];
        for (source, expected) in cases {
            assert_eq!(of("screens/one.js", source), expected, "{source:?}");
        }
    }

    #[test]
    fn each_kind_of_file_has_its_own_comments() {
        assert_eq!(of("style.css", "/* One. */\n\ta { b: c; }\n// d\n"), "\na{b:c;}\n// d\n");
        assert_eq!(of("index.html", "  <p>\n  <!-- One.\n  Two. -->\n  </p>\n"), "<p>\n\n\n</p>\n");
        for name in ["icon.svg", "vendor/preact.js", "vendor/LICENCES.txt"] {
            assert_eq!(of(name, "  // One.\n"), "  // One.\n", "{name}");
        }
    }

    #[test]
    fn what_is_no_text_is_served_as_it_is() {
        assert_eq!(served("a.js", Cow::Borrowed(b"  \xff")).as_ref(), b"  \xff");
    }

    #[test]
    fn every_line_of_every_file_is_where_it_was() {
        for name in Files::iter() {
            let file = Files::get(&name).unwrap();
            let source = std::str::from_utf8(&file.data).unwrap();
            let served = of(&name, source);
            assert_eq!(source.lines().count(), served.lines().count(), "{name}");
            for (line, (source, served)) in source.lines().zip(served.lines()).enumerate() {
                let bare = |text: &str| text.split_whitespace().collect::<String>();
                let kept = bare(&without_casts(source, "*/")).ends_with(&bare(served));
                assert!(kept, "{name}:{}: {source:?} became {served:?}", line + 1);
            }
            assert_eq!(of(&name, &served), served, "{name} is plain already");
        }
    }

    proptest! {
        #[test]
        fn lines_stay_and_nothing_is_made_up(source in "[a/* \\n\\t`\"]{0,80}") {
            let served = of("a.js", &source);
            prop_assert_eq!(source.matches('\n').count(), served.matches('\n').count());
            for (source, served) in source.split('\n').zip(served.split('\n')) {
                prop_assert!(source.trim().ends_with(served));
            }
            prop_assert!(served.split('\n').all(|line| line == line.trim()));
        }
    }
}
