//! Profiles, and the list of all businesses.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::{Business, BusinessId, PhoneNumber};

use super::{BODY, Reader, Saved, Versioned, Writer, document, partition, profile_key, version};
use crate::StoreError;
use crate::digest::sha256_hex;
use crate::item::{Draft, text, to_json};
use crate::table::{Key, SK, next_key};
use crate::transaction::Transacted;

/// The partition of the list.
const ALL: &str = "businesses";
const NAME: &str = "name";
const STANDING: &str = "standing";
/// The request that a business was made by, hashed.
const MADE_BY: &str = "made_by";
/// Businesses that one page of a search looks at. What is left is the next page's.
const LOOKED_AT: i32 = 500;
/// Businesses of one page of a walk over all of them: as many as one read looks at.
const WALKED: usize = LOOKED_AT as usize;

/// A business in the list of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub id: BusinessId,
    /// Its name.
    pub name: String,
    /// The word of its [`Standing`](domain::business::Standing).
    pub standing: String,
}

/// A page of the list, by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedPage {
    /// The businesses that were looked for.
    pub businesses: Vec<Listed>,
    /// The business that the next page begins behind; `None` at the end.
    pub next: Option<BusinessId>,
}

/// What became of a new business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// It is there now.
    New,
    /// The same request made it before.
    Before,
    /// Another business has the id.
    Taken,
}

impl Reader {
    /// A profile with its version.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn profile(&self, id: &BusinessId) -> Result<Option<Versioned<Business>>, StoreError> {
        let Some(row) = self.businesses.get(&profile_key(id)).await? else { return Ok(None) };
        Ok(Some(Versioned { value: document::stored_profile(&row)?, version: version(&row)? }))
    }

    /// At most `limit` businesses whose id or name contains `wanted`, in whatever case, by id, behind `after`. A page of
    /// few of them, or none, with a `next` is not the last one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list(
        &self,
        wanted: Option<&str>,
        standing: Option<&str>,
        limit: usize,
        after: Option<&BusinessId>,
    ) -> Result<ListedPage, StoreError> {
        let start = after.map(|id| Key::new(ALL, id.as_str()).attributes());
        let request = self.businesses.client.query().table_name(&*self.businesses.name);
        let page = request
            .consistent_read(true)
            .key_condition_expression("pk = :all")
            .expression_attribute_values(":all", text(ALL))
            .limit(LOOKED_AT)
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|error| self.businesses.error(&error))?;
        let more = next_key(page.last_evaluated_key).is_some();
        let wanted = wanted.map(str::to_lowercase);
        let mut found = ListedPage { businesses: vec![], next: None };
        let mut last = None;
        for row in page.items.unwrap_or_default().into_iter().map(|item| self.businesses.row(item)) {
            if found.businesses.len() == limit {
                found.next = last;
                return Ok(found);
            }
            let id = row.parsed(SK, BusinessId::parse)?;
            let listed = Listed {
                name: row.text(NAME)?.to_owned(),
                standing: row.text(STANDING)?.to_owned(),
                id: id.clone(),
            };
            let named = wanted.as_ref().is_none_or(|wanted| {
                listed.name.to_lowercase().contains(wanted) || id.as_str().contains(wanted.as_str())
            });
            if named && standing.is_none_or(|standing| listed.standing == standing) {
                found.businesses.push(listed);
            }
            last = Some(id);
        }
        found.next = last.filter(|_| more);
        Ok(found)
    }

    /// Every business, or those of one standing, by id, until there are `at_most`; and whether there are more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn every(
        &self,
        standing: Option<&str>,
        at_most: usize,
    ) -> Result<(Vec<Listed>, bool), StoreError> {
        let (mut found, mut after) = (vec![], None);
        loop {
            let page = self.list(None, standing, WALKED, after.as_ref()).await?;
            found.extend(page.businesses);
            after = page.next;
            if after.is_none() || found.len() >= at_most {
                break;
            }
        }
        let more = after.is_some() || found.len() > at_most;
        found.truncate(at_most);
        Ok((found, more))
    }
}

impl Writer {
    /// Makes a business. `request` names the request that asks for it: repeating it changes nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn create(&self, business: &Business, request: &str) -> Result<Created, StoreError> {
        let table = &self.businesses;
        let made_by = sha256_hex(request.as_bytes());
        let draft =
            Draft::default().text(BODY, to_json(&table.name, BODY, business)?).text(MADE_BY, &made_by);
        let key = profile_key(&business.id);
        let actions = [self.put_versioned(&key, draft, None), self.list_action(business)];
        if let Transacted::Done = self.transact(&actions).await? {
            return Ok(Created::New);
        }
        let row = table.get(&key).await?;
        let before =
            row.map(|row| row.optional_text(MADE_BY).map(|by| by == Some(made_by.as_str()))).transpose()?;
        Ok(if before == Some(true) { Created::Before } else { Created::Taken })
    }

    /// Stores what has become of a business whose version `seen` its writer has read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn change(&self, business: &Business, seen: u64) -> Result<Saved, StoreError> {
        let table = &self.businesses;
        let draft = Draft::default().text(BODY, to_json(&table.name, BODY, business)?);
        let key = profile_key(&business.id);
        let actions = [self.put_versioned(&key, draft, Some(seen)), self.list_action(business)];
        Ok(match self.transact(&actions).await? {
            Transacted::Done => Saved::Done(seen + 1),
            Transacted::Refused(_) => Saved::Overtaken,
        })
    }

    /// Deletes what a business has here: numbers, drafts, revisions, its profile, and its row in the list last, by which what
    /// was left undone is found again. Doing it again changes nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete(&self, id: &BusinessId) -> Result<(), StoreError> {
        let table = &self.businesses;
        let profile = profile_key(id);
        for row in table.query(&partition(id), "").await? {
            let key = Key::new(partition(id), row.text(SK)?);
            if let Some(number) = row.text(SK)?.strip_prefix("number#") {
                let number = PhoneNumber::parse(number).map_err(|_| row.corrupt(SK))?;
                // One that another business has meanwhile is no longer this one's to release.
                self.release_number(&number, id).await?;
            } else if key != profile {
                self.businesses.delete(&key).await?;
            }
        }
        self.businesses.delete(&profile).await?;
        self.businesses.delete(&Key::new(ALL, id.as_str())).await.map(drop)
    }

    pub(super) fn list_action(&self, business: &Business) -> TransactWriteItem {
        let row = Draft::default().text(NAME, &business.name).text(STANDING, business.standing.word());
        self.businesses.put_action(Key::new(ALL, business.id.as_str()).item(row), |put| put)
    }
}
