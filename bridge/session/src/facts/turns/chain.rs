//! Conversation items in the order of the conversation.
//!
//! Each item names its predecessor, and events overtake each other, so an item may be mentioned before it is
//! linked, and linked before its predecessor is known. The deque holds the chain from its oldest open item
//! on; behind it come runs of items that hang together and wait for the predecessor of their first.

use std::collections::VecDeque;
use std::time::Instant;

use crate::facts::recent_ids::RecentIds;

#[derive(Debug)]
pub(super) struct Chain<T> {
    links: VecDeque<Link<T>>,
    /// The item that left the front last.
    last: Option<String>,
    gone: RecentIds,
}

#[derive(Debug)]
pub(super) struct Link<T> {
    pub(super) item: String,
    pub(super) since: Instant,
    pub(super) payload: T,
    place: Place,
}

#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// Directly behind the link in front of it.
    Linked,
    /// Behind an item that is not here.
    Behind(String),
    /// Mentioned by an event, but not linked yet.
    Unknown,
}

impl<T> Link<T> {
    /// Whether its place in the conversation is known.
    pub(super) fn is_linked(&self) -> bool {
        self.place == Place::Linked
    }
}

impl<T> Default for Chain<T> {
    fn default() -> Self {
        Self { links: VecDeque::new(), last: None, gone: RecentIds::default() }
    }
}

impl<T> Chain<T> {
    /// An event mentions `item`: its payload, made if it is new. `None` if the item has left the chain.
    pub(super) fn mention(
        &mut self,
        now: Instant,
        item: &str,
        payload: impl FnOnce() -> T,
    ) -> Option<&mut T> {
        if self.gone.contains(item) {
            return None;
        }
        let index = match self.position(item) {
            Some(index) => index,
            None => {
                self.links.push_back(Link {
                    item: item.to_owned(),
                    since: now,
                    payload: payload(),
                    place: Place::Unknown,
                });
                self.links.len() - 1
            }
        };
        self.links.get_mut(index).map(|link| &mut link.payload)
    }

    /// `item` joined the conversation behind `previous`, or as the first.
    pub(super) fn link(
        &mut self,
        now: Instant,
        item: &str,
        previous: Option<&str>,
        payload: impl FnOnce() -> T,
    ) -> Option<&mut T> {
        if self.gone.contains(item) || self.get(item).is_some_and(|link| link.place != Place::Unknown) {
            return self.get_mut(item);
        }
        let mut run = match self.position(item) {
            Some(index) => self.take_run(index),
            None => VecDeque::from([Link {
                item: item.to_owned(),
                since: now,
                payload: payload(),
                place: Place::Unknown,
            }]),
        };
        let predecessor = previous.and_then(|previous| self.position(previous));
        let (at, place) = match (previous, predecessor) {
            (None, _) => (0, Place::Linked),
            (Some(_), Some(index)) => (index + 1, Place::Linked),
            (Some(previous), None) if self.last.as_deref() == Some(previous) => (0, Place::Linked),
            (Some(previous), None) => (self.links.len(), Place::Behind(previous.to_owned())),
        };
        if let Some(head) = run.front_mut() {
            head.place = place;
        }
        self.insert_run(at, run);
        self.adopt_followers(item);
        self.get_mut(item)
    }

    pub(super) fn front(&self) -> Option<&Link<T>> {
        self.links.front()
    }

    pub(super) fn pop_front(&mut self) -> Option<Link<T>> {
        let link = self.links.pop_front()?;
        self.gone.insert(&link.item);
        self.last = Some(link.item.clone());
        self.adopt_followers(&link.item);
        Some(link)
    }

    pub(super) fn get_mut(&mut self, item: &str) -> Option<&mut T> {
        let index = self.position(item)?;
        self.links.get_mut(index).map(|link| &mut link.payload)
    }

    pub(super) fn links(&self) -> impl Iterator<Item = &Link<T>> {
        self.links.iter()
    }

    /// No more links will come for these: the order in which they are known is theirs.
    pub(super) fn link_all(&mut self) {
        for link in &mut self.links {
            link.place = Place::Linked;
        }
    }

    /// Adds an item behind all others.
    pub(super) fn append(&mut self, now: Instant, item: &str, payload: T) {
        self.links.push_back(Link { item: item.to_owned(), since: now, payload, place: Place::Linked });
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.links.iter().map(|link| &link.payload)
    }

    pub(super) fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut T> {
        self.links.iter_mut().map(|link| &mut link.payload)
    }

    pub(super) fn len(&self) -> usize {
        self.links.len()
    }

    fn get(&self, item: &str) -> Option<&Link<T>> {
        self.links.iter().find(|link| link.item == item)
    }

    fn position(&self, item: &str) -> Option<usize> {
        self.links.iter().rposition(|link| link.item == item)
    }

    /// Moves the run that waited for `item` to its place behind it.
    fn adopt_followers(&mut self, item: &str) {
        let waits = |link: &Link<T>| matches!(&link.place, Place::Behind(previous) if previous == item);
        while let Some(index) = self.links.iter().position(waits) {
            let mut run = self.take_run(index);
            // Items that claim to follow each other in a circle stay where they are.
            let circular = run.iter().any(|link| link.item == item);
            let at = if circular { index } else { self.position(item).map_or(0, |at| at + 1) };
            if let Some(head) = run.front_mut() {
                head.place = Place::Linked;
            }
            self.insert_run(at, run);
        }
    }

    /// Takes out a link and all that are linked to it.
    fn take_run(&mut self, index: usize) -> VecDeque<Link<T>> {
        let end =
            (index + 1..self.links.len()).find(|i| !self.links[*i].is_linked()).unwrap_or(self.links.len());
        self.links.drain(index..end).collect()
    }

    fn insert_run(&mut self, at: usize, run: VecDeque<Link<T>>) {
        for (offset, link) in run.into_iter().enumerate() {
            self.links.insert(at + offset, link);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::origin;

    fn order(chain: &mut Chain<()>) -> Vec<String> {
        std::iter::from_fn(|| chain.pop_front().map(|link| link.item)).collect()
    }

    proptest! {
        /// Links arrive in any order, and after any mentions.
        #[test]
        fn the_chain_is_the_conversation_in_any_order_of_arrival(
            arrival in Just((0..12usize).collect::<Vec<_>>()).prop_shuffle(),
            mentioned in proptest::collection::vec(0..12usize, 0..6),
        ) {
            let now = origin();
            let mut chain = Chain::default();
            for n in mentioned {
                chain.mention(now, &n.to_string(), || ());
            }
            for n in arrival {
                let previous = n.checked_sub(1).map(|n| n.to_string());
                chain.link(now, &n.to_string(), previous.as_deref(), || ());
            }
            prop_assert!(chain.links.iter().all(Link::is_linked));
            let expected: Vec<String> = (0..12).map(|n| n.to_string()).collect();
            prop_assert_eq!(order(&mut chain), expected);
        }

        /// Links may be wrong, doubled or circular: every item is in the chain once.
        #[test]
        fn no_link_loses_or_doubles_an_item(
            links in proptest::collection::vec((0..6u8, proptest::option::of(0..6u8), any::<bool>()), 0..40),
        ) {
            let now = origin();
            let mut chain = Chain::default();
            let mut added = std::collections::BTreeSet::new();
            for (item, previous, linked) in links {
                let previous = previous.map(|n| n.to_string());
                if linked {
                    chain.link(now, &item.to_string(), previous.as_deref(), || ());
                } else {
                    chain.mention(now, &item.to_string(), || ());
                }
                added.insert(item.to_string());
            }
            let mut items = order(&mut chain);
            items.sort();
            prop_assert_eq!(items, added.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn an_item_that_left_does_not_come_back() {
        let now = origin();
        let mut chain = Chain::default();
        chain.link(now, "a", None, || ());
        assert!(chain.pop_front().is_some());
        assert!(chain.mention(now, "a", || ()).is_none());
        assert!(chain.link(now, "a", None, || ()).is_none());
        chain.link(now, "b", Some("a"), || ());
        assert!(chain.front().is_some_and(Link::is_linked));
    }
}
