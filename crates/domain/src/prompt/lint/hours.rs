//! What a prompt says about opening hours, beside what the settings say.
//!
//! Only plain statements are judged: a sentence with a condition, an exception or a "not" is passed over, and so is
//! one that names times without saying that they are opening times. A sentence is parted at its commas, and each part
//! says one thing of some days.

use std::ops::Range;

use super::clues::Clues;
use super::times::{Beside, skipped, span, until};
use super::tokens::{Phrase, Piece, Token, holds, longest, sentences};
use super::{Lint, Place};
use crate::hours::{DAYS, Span, Week};

struct Language {
    days: [Vec<Phrase>; 7],
    weak: [Vec<Phrase>; 7],
    weekend: Vec<Phrase>,
    daily: Vec<Phrase>,
    open: Vec<Phrase>,
    closed: Vec<Phrase>,
    hedged: Vec<Phrase>,
    beside: Beside,
}

/// What a part of a sentence holds, in order.
enum Event {
    /// Days, Monday 0.
    Days(Vec<usize>, Range<usize>),
    /// What a span of time may mean.
    Open(Vec<Span>),
    Closed,
}

/// What is said of some days.
#[derive(Default)]
struct Statement {
    days: Vec<(usize, Range<usize>)>,
    open: Vec<Vec<Span>>,
    closed: bool,
}

impl Statement {
    fn says_something(&self) -> bool {
        self.closed || !self.open.is_empty()
    }
}

pub(super) fn lint(text: &str, tokens: &[Token], clues: &Clues, week: &Week) -> Vec<(Place, Lint)> {
    let language = Language::new(clues);
    let mut found = vec![];
    // A heading such as "Opening hours:" holds for the lines below it, until a blank one.
    let mut heading = false;
    let mut line_is_blank = true;
    for sentence in sentences(tokens, &|token| language.is_short(token)) {
        let [.., last] = sentence else { continue };
        let ends_line = last.is_mark(&['\n']);
        if ends_line && sentence.len() == 1 && line_is_blank {
            heading = false;
        }
        line_is_blank = ends_line;
        let opens = holds(&language.open, sentence);
        let content = if ends_line { &sentence[..sentence.len() - 1] } else { sentence };
        if content.last().is_some_and(|token| token.is_mark(&[':'])) {
            heading = opens;
            continue;
        }
        let is_question = last.is_mark(&['?', '\u{61F}']);
        if !is_question && !holds(&language.hedged, sentence) {
            for statement in language.statements(sentence, opens, opens || heading) {
                statement.against(week, |range, lint| found.push((Place::of(text, range), lint)));
            }
        }
    }
    found
}

impl Statement {
    fn against(self, week: &Week, mut add: impl FnMut(Range<usize>, Lint)) {
        // Both at once is a break, or something that is not understood.
        if self.closed && !self.open.is_empty() {
            return;
        }
        let anytime = self.open.iter().any(Vec::is_empty);
        for (index, range) in self.days {
            let (day, _) = DAYS[index];
            let mut kept = week.spans(day).to_vec();
            kept.sort_by_key(ToString::to_string);
            match (self.closed, kept.is_empty()) {
                (true, true) => {}
                (true, false) => add(range, Lint::SaidClosed(day)),
                (false, true) => add(range, Lint::SaidOpen(day)),
                (false, false) if anytime => {}
                (false, false) => {
                    let alike = self.open.len() == kept.len()
                        && self.open.iter().zip(&kept).all(|(meanings, span)| meanings.contains(span));
                    if !alike {
                        let hours = kept.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                        add(range, Lint::OtherHours { day, hours });
                    }
                }
            }
        }
    }
}

impl Language {
    fn new(clues: &Clues) -> Self {
        Self {
            days: clues.days.map(Phrase::all),
            weak: clues.weak.map(Phrase::all),
            weekend: Phrase::all(clues.weekend),
            daily: Phrase::all(clues.daily),
            open: Phrase::all(clues.open),
            closed: Phrase::all(clues.closed),
            hedged: clues.not.iter().chain(clues.unless).flat_map(|text| Phrase::all(&[text])).collect(),
            beside: Beside {
                until: Phrase::all(clues.until),
                clock: Phrase::all(clues.clock),
                am: Phrase::all(clues.am),
                pm: Phrase::all(clues.pm),
            },
        }
    }

    /// A full stop behind it is no end of a sentence: "Mo.", "p.m."
    fn is_short(&self, token: &Token) -> bool {
        let one = std::slice::from_ref(token);
        let of_pm = matches!(&token.piece, Piece::Word(word) if word == "m");
        of_pm || self.weak.iter().any(|names| longest(names, one, 0).is_some())
    }

    /// The statements of one sentence. `opens`: it says "open" itself; `context`: times in it are opening times.
    fn statements(&self, sentence: &[Token], opens: bool, context: bool) -> Vec<Statement> {
        let mut done = vec![];
        let mut current = Statement::default();
        let has_times = (0..sentence.len()).any(|at| span(&self.beside, sentence, at).is_some());
        for part in sentence.split(|token| token.is_mark(&[',', '\u{60C}', '(', ')'])) {
            let mut days_first = !current.days.is_empty();
            let mut events = self.events(part);
            let is_open = |event: &Event| matches!(event, Event::Open(_));
            let times = events.iter().take_while(|event| is_open(event)).count();
            if times > 0 && current.days.is_empty() && events.last().is_some_and(is_open) {
                let rest = events.split_off(times);
                self.go_on(&mut done, part, std::mem::replace(&mut events, rest));
            }
            for event in events {
                match event {
                    Event::Days(days, range) => {
                        // "9-12 on Saturday", after which other days begin another statement.
                        if current.says_something() && days_first {
                            done.push(std::mem::take(&mut current));
                        }
                        days_first |= !current.says_something();
                        current.days.extend(days.into_iter().map(|day| (day, range.clone())));
                    }
                    Event::Open(_) if !context => {}
                    Event::Open(meanings) => {
                        if !days_first && !current.days.is_empty() {
                            done.push(std::mem::take(&mut current));
                        }
                        current.open.push(meanings);
                    }
                    Event::Closed => {
                        if !days_first && !current.days.is_empty() {
                            done.push(std::mem::take(&mut current));
                        }
                        current.closed = true;
                    }
                }
            }
            // "Open on Sundays", in a sentence without times.
            let says_open = opens && !has_times && holds(&self.open, part);
            if says_open && !current.days.is_empty() && !current.says_something() {
                current.open.push(vec![]);
            }
            // Days alone wait for what the next part says of them: "Monday, Tuesday and Friday 9-17".
            if current.says_something() {
                done.push(std::mem::take(&mut current));
            }
            done.retain(|statement| !statement.days.is_empty());
        }
        done
    }

    /// Times before any day, in a part that ends in times, go on with the part before it: "Monday 9-12, 13-17". If
    /// the part begins with other words, they may be the times of something else, and nothing is said for certain.
    fn go_on(&self, done: &mut Vec<Statement>, part: &[Token], events: Vec<Event>) {
        let Some(mut before) = done.pop() else { return };
        let begins = skipped(&self.beside.clock, part, 0);
        if span(&self.beside, part, begins).is_some() {
            before.open.extend(events.into_iter().filter_map(|event| match event {
                Event::Open(meanings) => Some(meanings),
                Event::Days(..) | Event::Closed => None,
            }));
            done.push(before);
        }
    }

    fn events(&self, part: &[Token]) -> Vec<Event> {
        let mut events = vec![];
        let mut at = 0;
        while at < part.len() {
            if let Some((days, next)) = self.days(part, at) {
                let range = part[at].range.start..part[next - 1].range.end;
                events.push(Event::Days(days, range));
                at = next;
            } else if let Some((meanings, next)) = span(&self.beside, part, at) {
                events.push(Event::Open(meanings));
                at = next;
            } else if let Some(next) = longest(&self.closed, part, at) {
                events.push(Event::Closed);
                at = next;
            } else {
                at += 1;
            }
        }
        events
    }

    /// The days that are named at `at`, and the index behind them.
    fn days(&self, part: &[Token], at: usize) -> Option<(Vec<usize>, usize)> {
        if let Some(next) = longest(&self.daily, part, at) {
            return Some(((0..7).collect(), next));
        }
        if let Some(next) = longest(&self.weekend, part, at) {
            return Some((vec![5, 6], next));
        }
        let (strong, weak) = (named(&self.days, part, at), named(&self.weak, part, at));
        let (first, next) = strong.or(weak)?;
        // Marks of an abbreviation.
        let behind = (next..part.len()).find(|i| !part[*i].is_mark(&['.', '\'', '\u{2019}', '\u{5F3}']));
        let behind = behind.unwrap_or(part.len());
        if let Some(to) = until(&self.beside, part, behind)
            && let Some((last, end)) = named(&self.days, part, to).or_else(|| named(&self.weak, part, to))
        {
            let count = (last + 7 - first) % 7;
            return Some(((0..=count).map(|n| (first + n) % 7).collect(), end));
        }
        let followed = part
            .get(behind)
            .is_some_and(|token| token.is_mark(&[':']) || matches!(token.piece, Piece::Number(_)));
        (strong.is_some() || followed).then_some((vec![first], next))
    }
}

/// Which weekday's name stands at `at`, the longest of all.
fn named(names: &[Vec<Phrase>; 7], part: &[Token], at: usize) -> Option<(usize, usize)> {
    let each = names.iter().enumerate();
    each.filter_map(|(day, names)| Some((day, longest(names, part, at)?))).max_by_key(|(_, next)| *next)
}
