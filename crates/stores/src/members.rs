//! Who accepted which invitation. The member itself is a key, which lies in Keys and is written by its own owner; a row
//! here is put once, and goes with the member.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `member#<key>` | `person` | who is the member, since when, and the e-mail address for display |
//! | `person#<person>` | `<key>` | that the person is this member, and when they last signed in as it |

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::Timestamp;
use domain::access::oidc::{Email, Person, PersonId};
use domain::access::{Joined, KeyId, MAX_MEMBERSHIPS, Membership, StoredKey};

use crate::StoreError;
use crate::item::{Draft, Row, number};
use crate::keys;
use crate::random;
use crate::table::{Key, SK, Table};
use crate::transaction::{Action, Transacted, transact};
use platform::Aws;

const PERSON: &str = "person";
const EMAIL: &str = "email";
const JOINED_AT: &str = "joined_at";
const USED_AT: &str = "used_at";

/// Held by what shows members, and by what signs people in.
#[derive(Debug, Clone)]
pub struct Reader {
    members: Table,
}

impl Reader {
    /// `table` is the name of Members.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { members: Table::new(aws, table) }
    }

    /// Who accepted a member's invitation. `None`: it has not been accepted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn joined(&self, key: &KeyId) -> Result<Option<Joined>, StoreError> {
        joined(&self.members, key).await
    }

    /// The businesses of a person, the one that they signed in to last in front.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of(&self, person: &PersonId) -> Result<Vec<Membership>, StoreError> {
        let rows = self.members.query(&person_partition(person), "").await?;
        let membership = |row: &Row| {
            Ok(Membership {
                person: person.clone(),
                key: row.parsed(SK, KeyId::parse)?,
                used_at: row.time(USED_AT)?,
            })
        };
        let mut all: Vec<Membership> = rows.iter().map(membership).collect::<Result<_, StoreError>>()?;
        all.sort_by_key(|membership| std::cmp::Reverse(membership.used_at));
        Ok(all)
    }
}

/// What became of an acceptance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// The person is the member: now, or since before.
    Done,
    /// Another person is.
    Another,
    /// The key was changed since it was read.
    Overtaken,
    /// The person belongs to [`MAX_MEMBERSHIPS`] businesses.
    TooMany,
}

/// Held by what signs people in.
#[derive(Debug, Clone)]
pub struct Writer {
    members: Table,
    keys: Table,
}

impl Writer {
    /// `members` and `keys` are the names of Members and Keys. Of Keys nothing is written.
    pub fn new(aws: &Aws, members: &str, keys: &str) -> Self {
        Self { members: Table::new(aws, members), keys: Table::new(aws, keys) }
    }

    /// Makes a person the member that was invited, if the member's key is still as it was read. The same person may
    /// accept again, which changes nothing but the time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn accept(
        &self,
        key: &StoredKey,
        person: &Person,
        now: Timestamp,
    ) -> Result<Accepted, StoreError> {
        if let Some(known) = joined(&self.members, &key.id).await? {
            return Ok(if known.person == person.id { Accepted::Done } else { Accepted::Another });
        }
        let others = self.members.query(&person_partition(&person.id), "").await?;
        if others.len() >= MAX_MEMBERSHIPS {
            return Ok(Accepted::TooMany);
        }
        let member = Draft::default()
            .text(PERSON, person.id.as_str())
            .optional_text(EMAIL, person.email.as_ref().map(Email::as_str))
            .time(JOINED_AT, now);
        let membership = person_row(&person.id, &key.id).item(Draft::default().time(USED_AT, now));
        let actions: [TransactWriteItem; 3] = [
            self.members.put_new_action(&member_row(&key.id), member),
            self.members.put_action(membership, |put| put),
            keys::unchanged(&self.keys, key)?,
        ];
        let written = transact(&self.members, &actions, &random::id(&self.members.name)?).await?;
        let Transacted::Refused(refused) = written else { return Ok(Accepted::Done) };
        let Some(Action::Refused(Some(standing))) = refused.into_iter().next() else {
            return Ok(Accepted::Overtaken);
        };
        let same = self.members.row(standing).text(PERSON)? == person.id.as_str();
        Ok(if same { Accepted::Done } else { Accepted::Another })
    }

    /// Notes that a person signs in as a member. One who was removed meanwhile stays so.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_use(&self, membership: &Membership, now: Timestamp) -> Result<(), StoreError> {
        let key = person_row(&membership.person, &membership.key);
        let request = self
            .members
            .client
            .update_item()
            .table_name(&*self.members.name)
            .set_key(Some(key.attributes()))
            .update_expression("SET used_at = :now")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":now", number(now.0));
        self.members.outcome(request.send().await).map(drop)
    }
}

/// Held by what removes members: their rows go, and nothing is written in their place.
#[derive(Debug, Clone)]
pub struct Eraser {
    members: Table,
}

impl Eraser {
    /// `table` is the name of Members.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { members: Table::new(aws, table) }
    }

    /// Forgets who the member was. To do it again changes nothing.
    ///
    /// # Errors
    /// [`StoreError`]; what was not forgotten is found when it is asked for again.
    pub async fn forget(&self, key: &KeyId) -> Result<(), StoreError> {
        let Some(joined) = joined(&self.members, key).await? else { return Ok(()) };
        // The row that leads to the other one goes last.
        for row in [person_row(&joined.person, key), member_row(key)] {
            self.members.delete(&row).await?;
        }
        Ok(())
    }
}

async fn joined(members: &Table, key: &KeyId) -> Result<Option<Joined>, StoreError> {
    let Some(row) = members.get(&member_row(key)).await? else { return Ok(None) };
    Ok(Some(Joined {
        key: key.clone(),
        person: row.parsed(PERSON, PersonId::parse)?,
        email: row.optional_text(EMAIL)?.and_then(Email::new),
        at: row.time(JOINED_AT)?,
    }))
}

fn member_row(key: &KeyId) -> Key {
    Key::new(format!("member#{key}"), "person")
}

fn person_row(person: &PersonId, key: &KeyId) -> Key {
    Key::new(person_partition(person), key.as_str())
}

fn person_partition(person: &PersonId) -> String {
    format!("person#{}", person.as_str())
}
