//! Where in the signed text a parameter could stand.

use memchr::memmem;

use super::super::names::{DIALLED, DOCUMENTED, SIP_HEADER};
use super::{Kind, Param, kind};

/// Names and values in the order in which they were signed, and what divides them.
pub(super) struct Text {
    signed: String,
    /// In the order of their names.
    landmarks: Vec<Mark>,
}

/// A parameter and the places that have its name.
#[derive(Clone)]
struct Mark {
    param: Param,
    candidates: Vec<Place>,
}

/// A place that has the name of a parameter.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// Of the name.
    start: usize,
    value: usize,
    /// Of the value, or of what is read of it.
    read: usize,
    /// Of the value; `None` for one that may end anywhere.
    end: Option<usize>,
}

impl Text {
    /// The text of `parameters`, sorted; `read` are the ones that the webhook reads.
    pub(super) fn of(parameters: &[(&str, &str)], read: &[Param]) -> Self {
        let mut text = Self {
            signed: parameters.iter().flat_map(|(name, value)| [*name, *value]).collect(),
            landmarks: Vec::new(),
        };
        let mut landmarks: Vec<Param> = read.iter().filter(|param| param.landmark).copied().collect();
        landmarks.sort_unstable_by_key(|param| param.name);
        // A landmark that is nowhere divides nothing.
        let marks = landmarks.into_iter().map(|param| text.mark(param));
        text.landmarks = marks.filter(|mark| !mark.candidates.is_empty()).collect();
        text.forget_the_unreadable();
        text
    }

    /// A word that has the beginning of its kind and goes on in another way divides nothing either, and no way leads
    /// through it. The fewest are left out that leave one.
    fn forget_the_unreadable(&mut self) {
        let words: Vec<usize> = (0..self.landmarks.len())
            .filter(|at| matches!(self.landmarks[*at].param.kind, Kind::Word(_)))
            .collect();
        let mut choices: Vec<u32> = (0..1u32 << words.len()).collect();
        choices.sort_by_key(|choice| choice.count_ones());
        let all = std::mem::take(&mut self.landmarks);
        for choice in choices {
            let left_out =
                |at: usize| words.iter().position(|word| *word == at).is_some_and(|n| choice >> n & 1 == 1);
            let kept = all.iter().enumerate().filter(|(at, _)| !left_out(*at)).map(|(_, mark)| mark.clone());
            self.landmarks = kept.collect();
            let complete = self.landmarks.first().is_none_or(|first| !self.reachable(first).is_empty());
            if complete {
                return;
            }
        }
    }

    /// The different values that `param` could have, each as it stands in the text. There is one for a parameter
    /// that is where it seems to be.
    pub(super) fn places(&self, param: &Param) -> Vec<&str> {
        let candidates = self.occurrences(param.name).flat_map(|start| self.valued(param, start)).collect();
        let wanted = Mark { param: *param, candidates };
        let mut places = self.reachable(&wanted);
        if let Kind::Party { twin } = param.kind {
            places = self.as_twins_say(twin, param.name, places);
        } else if places.iter().any(|place| param.kind.knows(self.value(place))) {
            places.retain(|place| param.kind.knows(self.value(place)));
        }
        if self.different(&places).len() > 1 {
            places.retain(|place| !self.ends_a_longer_name(place, param.name));
        }
        self.different(&places)
    }

    fn value(&self, place: &Place) -> &str {
        &self.signed[place.value..place.read]
    }

    fn different(&self, places: &[Place]) -> Vec<&str> {
        let mut values: Vec<&str> = places.iter().map(|place| self.value(place)).collect();
        values.sort_unstable();
        values.dedup();
        values
    }

    /// Where `name` stands, but not as the end of a SIP header's name that sorts behind it.
    fn occurrences<'a>(&'a self, name: &'a str) -> impl Iterator<Item = usize> + 'a {
        memmem::find_iter(self.signed.as_bytes(), name)
            .filter(move |start| !self.ends_a_header_name(*start, name))
    }

    fn ends_a_header_name(&self, start: usize, name: &str) -> bool {
        let token = |byte: &u8| byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(byte);
        let before = &self.signed.as_bytes()[..start];
        let token = &before[start - before.iter().rev().take_while(|byte| token(byte)).count()..];
        memmem::rfind(token, SIP_HEADER.as_bytes()).is_some_and(|at| {
            let dialled = token[..at].ends_with(DIALLED.as_bytes());
            if dialled { *name < *format!("{DIALLED}{SIP_HEADER}") } else { name < SIP_HEADER }
        })
    }

    fn ends_a_longer_name(&self, place: &Place, name: &str) -> bool {
        let before = &self.signed[..place.value];
        DOCUMENTED
            .iter()
            .any(|longer| longer.len() > name.len() && longer.ends_with(name) && before.ends_with(longer))
    }

    fn valued(&self, param: &Param, start: usize) -> Vec<Place> {
        let value = start + param.name.len();
        let ends = self.signed.get(value..).map_or_else(Vec::new, |text| param.kind.ends(text));
        // The user of an address is followed by the rest of it.
        let goes_on =
            matches!(param.kind, Kind::Party { .. }) && self.signed.get(value..).is_some_and(kind::is_sip);
        let place = |read: usize| Place { start, value, read, end: (!goes_on).then_some(read) };
        ends.into_iter().map(|end| place(value + end)).collect::<Vec<_>>()
    }

    /// `param` as a landmark: a party may have any value.
    fn mark(&self, param: Param) -> Mark {
        let named = self.occurrences(param.name);
        let candidates = match param.kind {
            Kind::Party { .. } => {
                let anything = |start| {
                    let value = start + param.name.len();
                    Place { start, value, read: value, end: None }
                };
                named.map(anything).collect()
            }
            _ => named.flat_map(|start| self.valued(&param, start)).collect(),
        };
        Mark { param, candidates }
    }

    /// Those candidates of `wanted` that lie on a way through all landmarks, from the start of the text to its end.
    fn reachable(&self, wanted: &Mark) -> Vec<Place> {
        let (before, behind): (Vec<_>, Vec<_>) = self
            .landmarks
            .iter()
            .filter(|mark| mark.param.name != wanted.param.name)
            .partition(|mark| mark.param.name < wanted.param.name);
        let name = |mark: Option<&&Mark>| mark.map(|mark| mark.param.name);

        // Of the landmarks before, those that can be come to from the start.
        let mut reached: Option<Vec<Place>> = None;
        let mut from = "";
        for mark in before.iter().copied().chain([wanted]) {
            let to = mark.param.name;
            let come_to = |place: &&Place| match &reached {
                None => true,
                Some(earlier) => earlier.iter().any(|earlier| self.leads(earlier, from, place, to)),
            };
            let places = mark.candidates.iter().filter(come_to).copied().collect();
            reached = Some(places);
            from = to;
        }

        // Of those behind, and then of the wanted, those from which the end can be come to.
        let mut leading: Option<Vec<Place>> = None;
        let mut to = None;
        for mark in behind.iter().rev() {
            leading = Some(self.go_on(&mark.candidates, mark.param.name, leading.as_deref(), to));
            to = name(Some(mark));
        }
        self.go_on(&reached.unwrap_or_default(), wanted.param.name, leading.as_deref(), to)
    }

    /// Those of `places`, of the parameter `from`, behind which one of `next`, of the parameter `to`, can follow; or
    /// the end of the text.
    fn go_on(&self, places: &[Place], from: &str, next: Option<&[Place]>, to: Option<&str>) -> Vec<Place> {
        let follows = |place: &&Place| match (next, to) {
            // The last first: whatever stands before it leads to it.
            (Some(next), Some(to)) => next.iter().rev().any(|next| self.leads(place, from, next, to)),
            _ => place.end.is_none_or(|end| {
                end == self.signed.len() || can_begin_a_name(&self.signed[end..], from, None)
            }),
        };
        places.iter().filter(follows).copied().collect()
    }

    /// Whether `next`, of the parameter `to`, can follow `place`, of the parameter `from`: at once, or after parameters
    /// that sort between the two.
    fn leads(&self, place: &Place, from: &str, next: &Place, to: &str) -> bool {
        match place.end {
            None => place.value <= next.start,
            Some(end) => match next.start.checked_sub(end) {
                None => false,
                Some(0) => true,
                Some(_) => can_begin_a_name(&self.signed[end..next.start], from, Some(to)),
            },
        }
    }

    /// Drops numbers that go on in the twin, and keeps only those that the twin confirms, if there are any.
    fn as_twins_say(&self, twin: &str, name: &str, mut places: Vec<Place>) -> Vec<Place> {
        let text = self.signed.as_bytes();
        let twins: Vec<usize> = match twin {
            "" => vec![],
            twin => self.occurrences(twin).map(|start| start + twin.len()).collect(),
        };
        // Behind the value other names follow here than there, so what both have in common is the value.
        let common = |place: &Place, twin: &usize| {
            text[*twin..place.start].iter().zip(&text[place.value..]).take_while(|(a, b)| a == b).count()
        };
        let before =
            |place: &Place| twins.iter().filter(|twin| **twin <= place.start).copied().collect::<Vec<_>>();
        let length = |place: &Place| place.read - place.value;
        places.retain(|place| {
            place.end.is_none() || before(place).iter().all(|twin| common(place, twin) <= length(place))
        });
        let confirmed = |place: &&Place| {
            before(place).iter().any(|twin| {
                let same = common(place, twin);
                let goes_on = text.get(*twin + same).is_some_and(u8::is_ascii_digit);
                same >= length(place) && !goes_on
            })
        };
        let kept: Vec<Place> = places.iter().filter(confirmed).copied().collect();
        if !kept.is_empty() {
            return kept;
        }
        places.retain(|place| !self.ends_a_longer_name(place, name));
        places
    }
}

/// Whether `text` can begin with a name that sorts behind `after` and before `before`.
fn can_begin_a_name(text: &str, after: &str, before: Option<&str>) -> bool {
    let (text, after) = (text.as_bytes(), after.as_bytes());
    let same = text.iter().zip(after).take_while(|(a, b)| a == b).count();
    // The shortest name that sorts behind is the first of those in the text.
    let shortest = match (text.get(same), after.get(same)) {
        (None, _) => return false,
        (Some(_), None) => &text[..=same],
        (Some(here), Some(there)) if here > there => &text[..=same],
        (Some(_), Some(_)) => return false,
    };
    before.is_none_or(|before| shortest < before.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::can_begin_a_name;

    #[test]
    fn a_name_sorts_between_its_neighbours() {
        for (text, after, before, expected) in [
            ("FromCityVienna", "From", Some("To"), true),
            ("Region", "From", Some("To"), true),
            ("e0FromCity", "From", Some("To"), false),
            ("Called", "Direction", Some("From"), false),
            ("Zip", "From", Some("To"), false),
            ("FABFrom", "From", Some("To"), false),
            ("From+1", "Direction", Some("From"), true),
            ("ForwardedFrom", "Direction", Some("From"), true),
            ("To", "From", Some("To"), true),
            ("user_id", "To", None, true),
            (";ext", "To", None, false),
            ("", "To", None, false),
        ] {
            assert_eq!(can_begin_a_name(text, after, before), expected, "{text}");
        }
    }
}
