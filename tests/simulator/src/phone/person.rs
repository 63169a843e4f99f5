//! The person with the phone.

/// Who writes. Over WhatsApp a person may hide their number and be known by an id alone.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Person {
    /// E.164.
    pub number: Option<String>,
    /// The id at the business, such as `US.13491208655302741918`.
    pub user_id: Option<String>,
    /// The id at the business's parent, such as `US.ENT.11815799212886844830`.
    pub parent_user_id: Option<String>,
    /// The name that stands for the number.
    pub username: Option<String>,
    /// What the person calls themselves.
    pub name: String,
}

impl Person {
    /// A person who is known by their number.
    pub fn with_number(number: &str) -> Self {
        Self { number: Some(number.to_owned()), name: "Anna Steiner".to_owned(), ..Self::default() }
    }

    /// A person who hides their number.
    pub fn hidden(user_id: &str) -> Self {
        Self {
            user_id: Some(user_id.to_owned()),
            username: Some("anna.on.wheels".to_owned()),
            name: "Anna Steiner".to_owned(),
            ..Self::default()
        }
    }

    /// The same person, known by an id as well.
    #[must_use]
    pub fn known_as(mut self, user_id: &str) -> Self {
        self.user_id = Some(user_id.to_owned());
        self
    }

    /// The same person, known by an id at the business's parent as well.
    #[must_use]
    pub fn of_parent(mut self, parent_user_id: &str) -> Self {
        self.parent_user_id = Some(parent_user_id.to_owned());
        self
    }

    /// The same person, who calls themselves so.
    #[must_use]
    pub fn called(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// The number's digits.
    pub(crate) fn digits(&self) -> Option<&str> {
        self.number.as_deref().map(|number| number.trim_start_matches('+'))
    }

    /// Everything that the person is known by, as carriers without a prefix write it.
    pub(crate) fn handles(&self) -> Vec<String> {
        let handles = [self.digits(), self.user_id.as_deref(), self.parent_user_id.as_deref()];
        handles.into_iter().flatten().map(str::to_owned).collect()
    }
}
