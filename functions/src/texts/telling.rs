//! Texts that a business sends unasked, such as reminders of appointments.

use domain::texts::outgoing::Author;

use super::people::People;
use super::steps::{StepError, Threads};
use super::unasked::Unasked;
use crate::jobs::ToldText;

impl Threads {
    /// Keeps the text, if that was not done, and has it sent.
    pub(super) async fn tell(&self, people: &People, told: &ToldText) -> Result<(), StepError> {
        let ToldText { name, business, sender, person, content } = told;
        let text = Unasked {
            name: format!("told-{business}-{name}"),
            business,
            sender,
            person,
            author: Author::Business,
            content: content.clone(),
            shows_refusal: true,
        };
        self.send_unasked(people, &text).await.map(drop)
    }
}
