//! What a step of a thread brings besides: rows of other owners, in the transaction of the step.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::BusinessId;
use domain::contact::{ContactId, Entry};
use domain::messages::Left;

use crate::StoreError;
use crate::contacts::First;
use crate::contacts::timeline::telling;
use crate::events::{self, NewEvent};
use crate::messages;
use crate::transaction::Action;

/// What a step of a thread brings besides.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beside<'a> {
    /// What the business is told of it.
    pub event: Option<(&'a events::Writer, &'a NewEvent)>,
    /// What the person left for the business. What is there already is left as it is.
    pub left: Option<(&'a messages::Writer, &'a Left)>,
    /// What the contact's timeline is told. A contact that was deleted is told nothing.
    pub told: Option<(&'a First, ContactId, &'a Entry)>,
}

impl Beside<'_> {
    /// The actions of each part, in this order: the event, what was left, what is told.
    pub(super) fn actions(&self, business: &BusinessId) -> Result<[Vec<TransactWriteItem>; 3], StoreError> {
        let event = match self.event {
            Some((events, event)) => vec![events.action(event)?],
            None => vec![],
        };
        let left = match self.left {
            Some((messages, left)) => messages.actions(business, left)?.into(),
            None => vec![],
        };
        let told = match self.told {
            Some((first, contact, entry)) => telling(&first.contacts, business, contact, entry)?.into(),
            None => vec![],
        };
        Ok([event, left, told])
    }

    /// What is still to be written of it once a transaction was refused by these parts. An event refuses none.
    pub(super) fn without(self, refused: [&[Action]; 3]) -> Self {
        let [_, left, told] = refused.map(is_refused);
        // Of what was left already the business was told.
        let event = self.event.filter(|_| !left);
        Self { event, left: self.left.filter(|_| !left), told: self.told.filter(|_| !told) }
    }
}

pub(super) fn is_refused(actions: &[Action]) -> bool {
    actions.iter().any(|action| matches!(action, Action::Refused(_)))
}
