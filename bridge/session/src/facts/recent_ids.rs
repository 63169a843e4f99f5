//! A bounded memory of ids that must not be acted on again.

use std::collections::VecDeque;

/// How many ids are remembered. A conversation has one response or call in flight at a time, so an id that
/// is this many behind cannot come back.
const RECENT_IDS_MAX: usize = 128;

#[derive(Debug, Default)]
pub(crate) struct RecentIds(VecDeque<String>);

impl RecentIds {
    /// Remembers `id`; false if it was known already.
    pub(crate) fn insert(&mut self, id: &str) -> bool {
        if self.contains(id) {
            return false;
        }
        if self.0.len() == RECENT_IDS_MAX {
            self.0.pop_front();
        }
        self.0.push_back(id.to_owned());
        true
    }

    pub(crate) fn contains(&self, id: &str) -> bool {
        // What comes back is almost always what was added last.
        self.0.iter().rev().any(|known| known == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_id_makes_room() {
        let mut ids = RecentIds::default();
        for n in 0..=RECENT_IDS_MAX {
            assert!(ids.insert(&n.to_string()));
        }
        assert!(!ids.contains("0"));
        assert!(ids.contains("1"));
        assert!(!ids.insert("1"));
        assert_eq!(ids.0.len(), RECENT_IDS_MAX);
    }
}
