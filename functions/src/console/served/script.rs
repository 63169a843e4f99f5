//! JavaScript without what means nothing to a browser: comments, indentation, and spaces between tokens.
//!
//! Every token stays, on its line. Only as much of the language is read as that takes: where strings, templates, regular
//! expressions and comments begin and end.

/// Words behind which a slash begins a regular expression.
const WORDS_BEFORE_VALUE: [&str; 7] = ["return", "typeof", "case", "in", "of", "void", "await"];

/// `source` as it is served. What never ends (a comment, a string, a template) goes on to the end of the text.
pub(super) fn plain(source: &str) -> String {
    let mut script = Script {
        rest: source,
        text: String::with_capacity(source.len()),
        spaced: false,
        after_regex: false,
        braces: 0,
        open: vec![],
    };
    while script.token() {}
    script.text
}

struct Script<'a> {
    rest: &'a str,
    text: String,
    /// Whether spaces or a comment were left out in front of what comes next.
    spaced: bool,
    /// Whether the last token is a regular expression.
    after_regex: bool,
    /// Open braces, within the innermost template that is open.
    braces: usize,
    /// The braces that were open around each template that is open.
    open: Vec<usize>,
}

impl Script<'_> {
    /// Reads one token, space or comment. `false` at the end.
    fn token(&mut self) -> bool {
        let Some(first) = self.rest.chars().next() else { return false };
        match first {
            '\n' => {
                self.take(1);
                self.spaced = false;
            }
            ' ' | '\t' | '\r' => self.leave(1),
            '/' if self.rest.starts_with("//") => self.leave(length(self.rest, |c| c != '\n')),
            '/' if self.rest.starts_with("/*") => self.block_comment(),
            '/' if self.may_be_value() => {
                self.token_of(regex_length(self.rest));
                self.after_regex = true;
            }
            '"' | '\'' => self.token_of(quoted_length(self.rest, first)),
            '`' => {
                self.token_of(1);
                self.template();
            }
            '}' if self.braces == 0 && !self.open.is_empty() => {
                self.token_of(1);
                self.braces = self.open.pop().unwrap_or_default();
                self.template();
            }
            '{' | '}' => {
                self.braces = if first == '{' { self.braces + 1 } else { self.braces.saturating_sub(1) };
                self.token_of(1);
            }
            _ if is_of_word(first) => self.token_of(length(self.rest, is_of_word)),
            _ => self.token_of(first.len_utf8()),
        }
        true
    }

    fn take(&mut self, length: usize) {
        let (token, rest) = self.rest.split_at(length);
        self.text.push_str(token);
        self.rest = rest;
    }

    fn leave(&mut self, length: usize) {
        self.rest = &self.rest[length..];
        self.spaced = true;
    }

    /// Takes a token, with a space in front of it if it would become one with the last one.
    fn token_of(&mut self, length: usize) {
        if self.spaced
            && let (Some(last), Some(next)) = (self.text.chars().next_back(), self.rest.chars().next())
            && (is_of_word(last) && (is_of_word(next) || next == '.')
                || last == next && matches!(last, '+' | '-' | '/'))
        {
            self.text.push(' ');
        }
        (self.spaced, self.after_regex) = (false, false);
        self.take(length);
    }

    /// Of a comment the ends of its lines stay.
    fn block_comment(&mut self) {
        let length =
            self.rest.get(2..).and_then(|rest| rest.find("*/")).map_or(self.rest.len(), |end| end + 4);
        let lines = self.rest[..length].matches('\n').count();
        self.leave(length);
        if lines > 0 {
            self.text.extend(std::iter::repeat_n('\n', lines));
            self.spaced = false;
        }
    }

    /// Text of a template, to its end or to where code begins in it. Between elements white space with a line's end means
    /// nothing, and all templates of several lines are markup.
    fn template(&mut self) {
        while let Some(first) = self.rest.chars().next() {
            if self.rest.starts_with("${") {
                self.take(2);
                self.open.push(std::mem::take(&mut self.braces));
                return;
            }
            match first {
                '`' => return self.take(1),
                '\n' => {
                    self.text.truncate(self.text.trim_end_matches([' ', '\t', '\r']).len());
                    self.take(1);
                    self.rest = self.rest.trim_start_matches([' ', '\t', '\r']);
                }
                '\\' => {
                    let escaped = self.rest.chars().nth(1).map_or(0, char::len_utf8);
                    self.take(1 + escaped);
                }
                _ => self.take(first.len_utf8()),
            }
        }
    }

    /// Whether a value may come next, so that a slash divides nothing.
    fn may_be_value(&self) -> bool {
        let before = self.text.trim_end();
        let word = before.rsplit(|c| !is_of_word(c)).next().unwrap_or_default();
        let ends_value = self.after_regex || before.ends_with(|c| is_of_word(c) || ")]}\"'`".contains(c));
        WORDS_BEFORE_VALUE.contains(&word) || !ends_value
    }
}

/// Of an identifier, a keyword or a number.
fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// The bytes of the characters at the beginning that are all of a kind.
fn length(text: &str, kind: impl Fn(char) -> bool) -> usize {
    text.find(|c| !kind(c)).unwrap_or(text.len())
}

/// The bytes of a string with its quotes.
fn quoted_length(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\n' => return at,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The bytes of a regular expression; its flags are the next word.
fn regex_length(text: &str) -> usize {
    let (mut escaped, mut in_class) = (false, false);
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '\n' => return at,
            '/' if !in_class => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn comments_and_spaces_go_and_tokens_stay() {
        let cases = [
            ("// One.\nlet a;\n", "\nlet a;\n"),
            ("\t\tlet a = 1; // After code.\n", "let a=1;\n"),
            ("/** @param {number} n */\nfunction f(n) {\n\treturn -n;\n}", "\nfunction f(n){\nreturn-n;\n}"),
            ("/**\n * Two\n * lines. // Not one of its own.\n */\nlet a;\n", "\n\n\n\nlet a;\n"),
            ("f(/** @type {any[]} */ ([]), /* none */ 0);\n", "f(([]),0);\n"),
            ("import { a, b } from \"./c.js\";\n", "import{a,b}from\"./c.js\";\n"),
            (
                "const a = \"// no  comment\";\nconst b = `/* none  */`;\n",
                "const a=\"// no  comment\";\nconst b=`/* none  */`;\n",
            ),
            ("a + +b - -c + d++ - --e\n", "a+ +b- -c+d++- --e\n"),
            ("a / b / c; (d) / 2; e[0] / f\n", "a/b/c;(d)/2;e[0]/f\n"),
            ("f(/ [/ ] \\/ /g, 1); return / x/;\n", "f(/ [/ ] \\/ /g,1);return/ x/;\n"),
            ("a = / x/ / 2\n", "a=/ x/ /2\n"),
            ("1 .toFixed(); x ? .5 : 1;\n", "1 .toFixed();x?.5:1;\n"),
            ("`a  ${ b + `c  ${ { d: 1 }.d }` }  e`\n", "`a  ${b+`c  ${{d:1}.d}`}  e`\n"),
            ("html`<p>\n\t\t${ a }  \n\t\tb  c\n\t</p>`;\n", "html`<p>\n${a}\nb  c\n</p>`;\n"),
            ("\"a\\\"  b\" + 'c\\'  d'\n", "\"a\\\"  b\"+'c\\'  d'\n"),
            ("`\\`  ${ \"}\" }`\n", "`\\`  ${\"}\"}`\n"),
            ("a\r\n  b", "a\nb"),
            ("/*/ not its end */let a;\n", "let a;\n"),
            ("/* never ends\nlet a;", "\n"),
            ("`never ends", "`never ends"),
            ("", ""),
        ];
        for (source, expected) in cases {
            assert_eq!(plain(source), expected, "{source:?}");
            assert_eq!(plain(expected), expected, "{source:?}");
        }
    }

    proptest! {
        #[test]
        fn lines_stay_and_nothing_is_made_up(source in "[a/*\\[ \\n\\t`\"${}+é\\\\]{0,80}") {
            let served = plain(&source);
            prop_assert_eq!(source.matches('\n').count(), served.matches('\n').count());
            let mut source = source.chars();
            prop_assert!(served.chars().filter(|c| *c != ' ').all(|c| source.any(|other| other == c)));
        }
    }
}
