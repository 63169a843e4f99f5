//! Other forms with the signature of one.

use super::Pairs;
use crate::Form;

/// One way to cut what is signed elsewhere; positions are indices into the sorted parameters.
#[derive(Debug, Clone, Copy)]
pub(super) enum Move {
    /// The name of a parameter ends elsewhere.
    Rename { at: usize, end: usize },
    /// A piece of a value becomes a name.
    Split { at: usize, start: usize, end: usize },
    /// A value takes in the whole next parameter.
    Swallow { at: usize },
    /// A name takes in its value and the next name.
    Stretch { at: usize },
    /// The next name begins elsewhere.
    Shift { at: usize, start: usize },
}

pub(super) fn moves(pairs: &Pairs) -> Vec<Move> {
    let mut moves = Vec::new();
    for (at, (name, value)) in pairs.iter().enumerate() {
        let whole = format!("{name}{value}");
        moves.extend(cuts(&whole).filter(|end| *end > 0).map(|end| Move::Rename { at, end }));
        for start in cuts(value) {
            moves.extend(cuts(value).filter(|end| *end > start).map(|end| Move::Split { at, start, end }));
        }
        if let Some((next, _)) = pairs.get(at + 1) {
            moves.extend([Move::Swallow { at }, Move::Stretch { at }]);
            let both = format!("{value}{next}");
            moves.extend(
                cuts(&both).filter(|start| *start < both.len()).map(|start| Move::Shift { at, start }),
            );
        }
    }
    moves
}

fn cuts(text: &str) -> impl Iterator<Item = usize> + '_ {
    (0..=text.len()).filter(|at| text.is_char_boundary(*at))
}

pub(super) fn apply(pairs: &Pairs, step: Move) -> Pairs {
    let pair = |at: usize| (pairs[at].0.as_str(), pairs[at].1.as_str());
    let (range, with) = match step {
        Move::Rename { at, end } => {
            let whole = pair(at).0.to_owned() + pair(at).1;
            (at..at + 1, vec![(whole[..end].to_owned(), whole[end..].to_owned())])
        }
        Move::Split { at, start, end } => {
            let (name, value) = pair(at);
            let cut = [(name, &value[..start]), (&value[start..end], &value[end..])];
            (at..at + 1, cut.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec())
        }
        Move::Swallow { at } => {
            let ((name, value), (next, next_value)) = (pair(at), pair(at + 1));
            (at..at + 2, vec![(name.to_owned(), format!("{value}{next}{next_value}"))])
        }
        Move::Stretch { at } => {
            let ((name, value), (next, next_value)) = (pair(at), pair(at + 1));
            (at..at + 2, vec![(format!("{name}{value}{next}"), next_value.to_owned())])
        }
        Move::Shift { at, start } => {
            let ((name, value), (next, next_value)) = (pair(at), pair(at + 1));
            let both = value.to_owned() + next;
            let cut = [(name, &both[..start]), (&both[start..], next_value)];
            (at..at + 2, cut.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec())
        }
    };
    let mut forged = pairs.clone();
    forged.splice(range, with);
    forged
}

/// How many moves are looked at to find one that keeps the signature.
const MOVES_TRIED: usize = 100;

/// `form` with cuts moved one after the other, as far as its signature lets them.
pub(super) fn with_the_signature_of(form: &Pairs, steps: &[proptest::sample::Index]) -> Pairs {
    steps.iter().fold(form.clone(), |forged, step| {
        let moves = moves(&forged);
        if moves.is_empty() {
            return forged;
        }
        let from = step.index(moves.len());
        let mut next = moves[from..].iter().take(MOVES_TRIED).map(|step| apply(&forged, *step));
        next.find(|next| signed(next) == signed(form)).unwrap_or(forged)
    })
}

/// What is signed of `pairs`.
pub(super) fn signed(pairs: &Pairs) -> String {
    Form::from_pairs(pairs.clone()).sorted().iter().flat_map(|(name, value)| [*name, *value]).collect()
}

pub(super) fn sorted(mut pairs: Pairs) -> Pairs {
    pairs.sort();
    pairs.dedup();
    pairs
}
