//! A text as words, numbers and marks, each with its place.

use std::ops::Range;

use crate::text::{folded, is_word_part, words};

/// One piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// Bytes of the text.
    pub(super) range: Range<usize>,
    pub(super) piece: Piece,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// In the form in which texts are compared.
    Word(String),
    /// Decimal digits, as ASCII ones.
    Number(String),
    /// A line's end, or anything else that is neither space nor word.
    Mark(char),
}

impl Token {
    pub(super) fn is_mark(&self, marks: &[char]) -> bool {
        matches!(self.piece, Piece::Mark(mark) if marks.contains(&mark))
    }
}

#[derive(PartialEq, Eq, Clone, Copy)]
enum Class {
    Word,
    Number,
    Space,
    Mark,
}

fn class(c: char) -> Class {
    match c {
        '\n' => Class::Mark,
        c if c.is_whitespace() => Class::Space,
        c if c.is_ascii_digit() => Class::Number,
        c if !c.is_ascii() && c.is_numeric() && is_ascii_number(&folded(c.encode_utf8(&mut [0; 4]))) => {
            Class::Number
        }
        c if is_word_part(c) => Class::Word,
        _ => Class::Mark,
    }
}

fn is_ascii_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// All of a text's pieces in order.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = vec![];
    let mut chars = text.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        let kind = class(c);
        let mut end = start + c.len_utf8();
        while kind != Class::Mark
            && let Some((at, next)) = chars.next_if(|(_, next)| class(*next) == kind)
        {
            end = at + next.len_utf8();
        }
        let range = start..end;
        let piece = match kind {
            Class::Space => continue,
            Class::Mark => Piece::Mark(c),
            Class::Number => Piece::Number(folded(&text[range.clone()])),
            Class::Word => Piece::Word(folded(&text[range.clone()])),
        };
        tokens.push(Token { range, piece });
    }
    tokens
}

/// Marks inside a phrase: `Mo.`, `t/m`, `segunda-feira`, `d'ouverture`.
const JOINTS: [char; 8] = ['\'', '\u{2019}', '-', '/', '.', '\u{5F3}', '\u{5F4}', '\u{B4}'];

/// Words that may stand between two words of a phrase with endings.
const GAP: usize = 3;

/// A phrase as the words to look for.
#[derive(Debug, Clone)]
pub(super) struct Phrase(Vec<Part>);

#[derive(Debug, Clone)]
struct Part {
    text: String,
    any_ending: bool,
}

impl Part {
    fn is(&self, token: &Token) -> bool {
        matches!(&token.piece, Piece::Word(word) if *word == self.text || (self.any_ending && word.starts_with(&self.text)))
    }
}

impl Phrase {
    pub(super) fn all(list: &[&str]) -> Vec<Self> {
        list.iter().map(|text| Self::new(text)).collect()
    }

    fn new(text: &str) -> Self {
        let part = |word: &str| {
            let any_ending = word.ends_with('*');
            Part { text: words(word).concat(), any_ending }
        };
        Self(text.split_whitespace().map(part).collect())
    }

    /// The index behind the phrase if it stands at `at`, word by word.
    pub(super) fn at(&self, tokens: &[Token], at: usize) -> Option<usize> {
        let mut next = at;
        for (index, part) in self.0.iter().enumerate() {
            while index > 0 && tokens.get(next).is_some_and(|token| token.is_mark(&JOINTS)) {
                next += 1;
            }
            tokens.get(next).filter(|token| part.is(token))?;
            next += 1;
        }
        (next > at).then_some(next)
    }

    /// The same, with up to three other words between any two of its own.
    pub(super) fn loosely_at(&self, tokens: &[Token], at: usize) -> Option<usize> {
        let mut next = at;
        for (index, part) in self.0.iter().enumerate() {
            let mut gap = 0;
            loop {
                let token = tokens.get(next)?;
                next += 1;
                if part.is(token) {
                    break;
                }
                gap += usize::from(!token.is_mark(&JOINTS));
                if index == 0 || gap > GAP {
                    return None;
                }
            }
        }
        (next > at).then_some(next)
    }
}

/// The index behind the longest of these phrases that stands at `at`.
pub(super) fn longest(phrases: &[Phrase], tokens: &[Token], at: usize) -> Option<usize> {
    phrases.iter().filter_map(|phrase| phrase.at(tokens, at)).max()
}

/// Whether one of these phrases stands anywhere.
pub(super) fn holds(phrases: &[Phrase], tokens: &[Token]) -> bool {
    (0..tokens.len()).any(|at| longest(phrases, tokens, at).is_some())
}

/// The sentences of a text. A full stop inside a number, and one behind a word for which `is_short` holds, ends none.
pub(super) fn sentences<'a>(tokens: &'a [Token], is_short: &dyn Fn(&Token) -> bool) -> Vec<&'a [Token]> {
    let mut sentences = vec![];
    let mut start = 0;
    for (index, token) in tokens.iter().enumerate() {
        let full_stop = token.is_mark(&['.']);
        let joined = tokens
            .get(index + 1)
            .is_some_and(|next| next.range.start == token.range.end && !matches!(next.piece, Piece::Mark(_)));
        let after_short = index > 0 && is_short(&tokens[index - 1]);
        let ends = token.is_mark(&['\n', '!', '?', ';', '\u{61F}', '\u{61B}', '\u{3002}'])
            || (full_stop && !joined && !after_short);
        if ends {
            sentences.push(&tokens[start..=index]);
            start = index + 1;
        }
    }
    sentences.push(&tokens[start..]);
    sentences.retain(|sentence| !sentence.is_empty());
    sentences
}
