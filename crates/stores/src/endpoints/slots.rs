//! How many workers send to one endpoint at a time: each has one of a few slots until it gives it back, or for a while if it
//! dies. So an endpoint that is slow keeps no more workers than it has slots, and the others keep theirs.

use std::time::Duration;

use domain::endpoint::{AT_ONCE, EndpointId};
use domain::{BusinessId, Timestamp};

use super::{Writer, pk};
use crate::item::{Draft, LEASE_UNTIL, names, number, text, values};
use crate::table::{ABSENT, Key, WriteOutcome};
use crate::{StoreError, random};

const OWNER: &str = "owner";

/// The right to send to an endpoint.
#[derive(Debug)]
pub struct Slot {
    key: Key,
    owner: String,
}

impl Writer {
    /// Takes one of an endpoint's slots for `held`. `None`: other workers have all of them.
    ///
    /// # Errors
    /// [`StoreError`]. After one a slot may be taken, until it lapses.
    pub async fn take_slot(
        &self,
        business: &BusinessId,
        id: &EndpointId,
        held: Duration,
        now: Timestamp,
    ) -> Result<Option<Slot>, StoreError> {
        let table = &self.table;
        let owner = random::id(&table.name)?;
        for number_of in 0..AT_ONCE {
            let key = Key::new(pk(business), format!("slot#{id}#{number_of}"));
            let draft = Draft::default().text(OWNER, &owner).until(now.plus(held));
            let request = table.client.put_item().table_name(&*table.name);
            let request = request
                .set_item(Some(key.item(draft)))
                .condition_expression(format!("{ABSENT} OR #{LEASE_UNTIL} <= :now"))
                .set_expression_attribute_names(Some(names(&[LEASE_UNTIL])))
                .set_expression_attribute_values(Some(values(&[("now", number(now.0))])));
            if let WriteOutcome::Done(_) = table.outcome(request.send().await)? {
                return Ok(Some(Slot { key, owner }));
            }
        }
        Ok(None)
    }

    /// Gives a slot back. One that has lapsed and is another worker's by now stays with it.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn give_back(&self, slot: &Slot) -> Result<(), StoreError> {
        let table = &self.table;
        let request = table.client.delete_item().table_name(&*table.name);
        let request = request
            .set_key(Some(slot.key.attributes()))
            .condition_expression("#owner = :owner")
            .set_expression_attribute_names(Some(names(&[OWNER])))
            .set_expression_attribute_values(Some(values(&[("owner", text(&slot.owner))])));
        table.outcome(request.send().await).map(drop)
    }
}
