//! The requests and answers about members.

use domain::Timestamp;
use domain::access::{Joined, NewMember, Role, StoredKey};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::edge::api::schema;
use crate::edge::problem::Problem;
use crate::shared::shapes::Time;

/// A person who is to be invited.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Ada Byron", "role": "agent"}))]
pub(in crate::businesses::keys) struct NewMemberRequest {
    /// What the business calls the person. The link may be sent to any address; who opens it first is this member.
    #[schema(min_length = 1, max_length = 80)]
    name: String,
    /// `viewer`, `agent`, `admin` or `owner`: what the person may do. The asking key needs every scope of it.
    #[schema(pattern = "^(viewer|agent|admin|owner)$")]
    role: String,
}

impl NewMemberRequest {
    /// # Errors
    /// 422 for a word that is no role.
    pub(super) fn read(self) -> Result<NewMember, Problem> {
        Ok(NewMember { name: self.name, role: role(&self.role)? })
    }
}

/// Another role.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "admin"}))]
pub(in crate::businesses::keys) struct ChangeMember {
    /// `viewer`, `agent`, `admin` or `owner`. The asking key needs every scope that the member has and gets.
    #[schema(pattern = "^(viewer|agent|admin|owner)$")]
    pub(super) role: String,
}

/// # Errors
/// 422 for a word that is no role.
pub(super) fn role(word: &str) -> Result<Role, Problem> {
    let wrong = |_| Problem::invalid("/role", "word", "give `viewer`, `agent`, `admin` or `owner`");
    word.parse().map_err(wrong)
}

/// A member of the business.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::businesses::keys) struct MemberView {
    /// Names the member; in the audit log it is the `key` of what they did.
    #[schema(value_type = schema::KeyId)]
    id: String,
    /// What the business calls the person.
    name: String,
    /// What the person may do.
    #[schema(value_type = schema::RoleWord)]
    role: &'static str,
    /// `invited`: the invitation may be accepted; `expired`: it was not in time; `joined`: it was.
    #[schema(value_type = schema::MemberStateWord)]
    state: &'static str,
    /// The person's e-mail address, if the issuer says that it has verified it.
    email: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    invited_at: Time,
    /// The key that invited, or the member.
    invited_by: Option<String>,
    /// Until when the invitation may be accepted.
    #[schema(value_type = String, format = DateTime)]
    invited_until: Time,
    #[schema(value_type = Option<String>, format = DateTime)]
    joined_at: Option<Time>,
    /// The last day, in UTC, on which the member asked for something.
    #[schema(value_type = Option<String>, format = Date)]
    last_used: Option<String>,
}

impl MemberView {
    pub(super) fn new(
        key: &StoredKey,
        joined: Option<Joined>,
        last_used: Option<Date>,
        now: Timestamp,
    ) -> Self {
        let member = key.member.as_ref();
        let until = member.map_or(key.created_at, |member| member.invited_until);
        Self {
            id: key.id.to_string(),
            name: key.name.clone(),
            role: member.map_or("", |member| member.role.as_str()),
            state: match &joined {
                Some(_) => "joined",
                None if until <= now => "expired",
                None => "invited",
            },
            invited_at: Time(key.created_at),
            invited_by: key.created_by.as_ref().map(ToString::to_string),
            invited_until: Time(until),
            joined_at: joined.as_ref().map(|joined| Time(joined.at)),
            email: joined.and_then(|joined| joined.email).map(|email| email.as_str().to_owned()),
            last_used: last_used.map(|day| day.to_string()),
        }
    }
}

/// A member who was invited, with the link, which is shown this once.
#[derive(Serialize, ToSchema)]
pub(in crate::businesses::keys) struct InvitedMember {
    /// Opens the console, where the person signs in through the issuer and is the member from then on.
    pub(super) link: String,
    #[serde(flatten)]
    pub(super) about: MemberView,
}

/// Every member of a business.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::businesses::keys) struct MemberList {
    pub(super) members: Vec<MemberView>,
}
