//! A person who is a member of several businesses.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use domain::BusinessId;
use domain::access::{KeyOwner, Membership, StoredKey};
use http::request::Parts;

use super::SignIns;
use super::shapes::{RequesterView, SwitchTo};
use crate::edge::api::input::Body;
use crate::edge::api::requester::Requester;
use crate::edge::problem::Problem;

/// Takes the person to another business of theirs: `Set-Cookie` has a new sign-in, which ends when this one would at the
/// latest, and this one is over.
#[utoipa::path(
    post,
    path = "/v1/sign-in/business",
    operation_id = "switch_business",
    request_body = SwitchTo,
    responses(
        (status = 200, description = "The person is signed in at that business.", body = RequesterView),
        (status = 404, description = "The person is no member of such a business, or the request came with a key."),
    ),
)]
pub(super) async fn switch(
    State(app): State<Arc<SignIns>>,
    requester: Requester,
    mut parts: Parts,
    Body(wish): Body<SwitchTo>,
) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("business");
    let business = BusinessId::parse(&wish.business).map_err(|_| unknown())?;
    let began_at = requester.sign_in().ok_or_else(unknown)?.began_at;
    let owner = KeyOwner::Business(business);
    let memberships = app.memberships(&requester).await?;
    let (membership, key) =
        memberships.into_iter().find(|(_, key)| key.owner == owner).ok_or_else(unknown)?;
    let member = membership.prove(&membership.person, &key).ok_or_else(unknown)?;
    let signed_in = app.gatekeeper.sign_in_as(&mut parts, member, began_at).await?;
    app.gatekeeper.sign_out(&parts, &requester, false).await?;
    app.joining.note_use(&membership, app.clock.now()).await?;
    app.signed_in(signed_in).await
}

impl SignIns {
    /// The businesses that the requester may switch to, in the order of their ids.
    pub(super) async fn businesses(&self, requester: &Requester) -> Result<Vec<String>, Problem> {
        let mut businesses: Vec<String> = vec![];
        for (_, key) in self.memberships(requester).await? {
            businesses.extend(key.owner.acts_for(None).map(ToString::to_string));
        }
        businesses.sort_unstable();
        businesses.dedup();
        Ok(businesses)
    }

    /// Everything that the person behind a member's sign-in is a member of.
    async fn memberships(&self, requester: &Requester) -> Result<Vec<(Membership, StoredKey)>, Problem> {
        if requester.key.member.is_none() {
            return Ok(vec![]);
        }
        let Some(joined) = self.members.joined(&requester.key.id).await? else { return Ok(vec![]) };
        let mut found = vec![];
        for membership in self.members.of(&joined.person).await? {
            let key = self.keys.key(&membership.key).await?;
            found.extend(key.filter(|key| key.revoked_at.is_none()).map(|key| (membership, key)));
        }
        Ok(found)
    }
}
