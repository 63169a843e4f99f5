//! Opening a call: one transaction over the call, its plan and its slots.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::{Call, Epoch, event};

use crate::StoreError;
use crate::capacity::{Claim, Pool, Search, SlotRequest, Slots, WhichSlots, taken};
use crate::dial_limits::DayReservation;
use crate::plans;
use crate::random;
use crate::transaction::{Action, Transacted, transact};
use platform::backoff::{CONTENTION, Tries};

use super::row::{EPOCH, OPEN_ID, VERSION, call_draft, call_key};
use super::settle::{self, UNSETTLED};
use super::{OpenCall, Opened, Writer, early, history, row};

/// The actions stand in this order, so a refusal is found by its place. The pools' slots, if any, come next.
const CALL: usize = 0;
const EARLY_EVENTS: usize = 1;
const SLOTS: usize = 2;

pub(super) async fn open(writer: &Writer, request: &OpenCall) -> Result<Opened, StoreError> {
    let attempt = Attempt { writer, request, open_id: random::id(&writer.calls.name)? };
    let Some(wanted) = &request.slots else { return attempt.open_with(None).await.map(OpenAttempt::opened) };
    let limits = match &wanted.which {
        WhichSlots::Reserved(reserved) => {
            return attempt.open_with(Some((wanted, reserved.slots))).await.map(OpenAttempt::opened);
        }
        WhichSlots::Free(limits) | WhichSlots::Test(limits) => *limits,
    };
    let (holder, salt) = (request.call.sid.as_str(), attempt.open_id.as_str());
    let search = Search::begin(&writer.leases, &wanted.business, limits, (holder, salt), request.now);
    let mut search = match search {
        Ok(search) => search,
        Err(pool) => return Ok(Opened::AtCapacity(pool)),
    };
    loop {
        let taken = match attempt.open_with(Some((wanted, search.slots))).await? {
            OpenAttempt::Opened(opened) => return Ok(opened),
            OpenAttempt::Taken(pools) => pools,
        };
        if let Some(full) = search.move_on(taken).await? {
            return Ok(Opened::AtCapacity(full));
        }
    }
}

/// What one attempt with certain slots came to.
#[expect(clippy::large_enum_variant, reason = "there is one of it, for as long as a webhook takes")]
enum OpenAttempt {
    Opened(Opened),
    /// Those slots of these pools are another call's. There is one at least.
    Taken(Vec<Pool>),
}

impl OpenAttempt {
    /// For slots that there is no choice of.
    fn opened(self) -> Opened {
        match self {
            Self::Opened(opened) => opened,
            Self::Taken(pools) => Opened::AtCapacity(pools.first().copied().unwrap_or(Pool::Business)),
        }
    }
}

struct Attempt<'a> {
    writer: &'a Writer,
    request: &'a OpenCall,
    open_id: String,
}

impl Attempt<'_> {
    /// Opens the call with exactly these slots.
    async fn open_with(&self, slots: Option<(&SlotRequest, Slots)>) -> Result<OpenAttempt, StoreError> {
        let calls = &self.writer.calls;
        let mut call = self.request.call.clone();
        let mut early = None;
        let mut tries = Tries::with(CONTENTION);
        while tries.next().await {
            // A call that is over already needs neither a plan nor slots.
            let slots = slots.filter(|_| !call.status.is_terminal());
            let numbers = slots.map(|(_, numbers)| numbers);
            let actions = self.actions(&call, slots, early)?;
            let refused = match self.transact(&actions, numbers, early).await? {
                Transacted::Done => return Ok(OpenAttempt::Opened(Opened::New { slots: numbers })),
                Transacted::Refused(refused) => refused,
            };
            if let Some(standing) = self.standing(&refused)? {
                return Ok(OpenAttempt::Opened(standing));
            }
            let taken = taken(self.pools(), refused.get(SLOTS..).unwrap_or_default());
            if !matches!(refused.get(EARLY_EVENTS), Some(Action::Refused(_))) && !taken.is_empty() {
                return Ok(OpenAttempt::Taken(taken));
            }
            // Callbacks overtook the voice webhook: what they said is part of the call from the start.
            early = early::count(calls, &call.sid).await?;
            for (_, event) in history(calls, &call.sid).await? {
                call.apply(&event);
            }
        }
        Err(StoreError::Contended { table: calls.name.to_string() })
    }

    /// Of which its slots are.
    fn pools(&self) -> [Pool; 2] {
        Pool::of_call(!self.request.call.is_twilios())
    }

    async fn transact(
        &self,
        actions: &[TransactWriteItem],
        slots: Option<Slots>,
        early: Option<u64>,
    ) -> Result<Transacted, StoreError> {
        let identity = format!("open#{}#{}#{slots:?}#{early:?}", self.request.call.sid, self.open_id);
        transact(&self.writer.calls, actions, &identity).await
    }

    /// What the call's own action says: a call that stands is a duplicate's, unless this very request wrote
    /// it and the answer was lost.
    fn standing(&self, refused: &[Action]) -> Result<Option<Opened>, StoreError> {
        let Some(Action::Refused(standing)) = refused.get(CALL) else { return Ok(None) };
        let row = self.writer.calls.row(standing.clone().unwrap_or_default());
        if row.text(OPEN_ID)? == self.open_id {
            return Ok(Some(Opened::New { slots: Slots::noted(&row)? }));
        }
        row::call(&row).map(|call| Some(Opened::Existing(call)))
    }

    fn actions(
        &self,
        call: &Call,
        slots: Option<(&SlotRequest, Slots)>,
        early: Option<u64>,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let OpenCall { plan, token_ttl, now, name, .. } = self.request;
        let Writer { calls, leases, events } = self.writer;
        let draft = call_draft(&calls.name, call)?
            .number(VERSION, 0)
            .number(EPOCH, Epoch::FIRST)
            .text(OPEN_ID, &self.open_id)
            .text(UNSETTLED, settle::shard(&call.sid));
        let draft = Slots::note(slots.map(|(_, slots)| slots), draft);
        let draft = DayReservation::note(self.request.reserved.as_ref(), draft);
        let mut actions = vec![
            calls.put_new_action(&call_key(&call.sid), draft),
            early::unchanged(calls, &call.sid, early),
        ];
        if let Some((wanted, slots)) = slots {
            let holder = call.sid.as_str();
            let (reserved, outbound) = match &wanted.which {
                WhichSlots::Reserved(reserved) => (reserved.holder.as_str(), true),
                WhichSlots::Free(_) | WhichSlots::Test(_) => (holder, false),
            };
            let until = now.plus(wanted.ttl);
            let (business, pools) = (&wanted.business, self.pools());
            let claim = Claim { business, holder, reserved, outbound, pools, until, now: *now };
            actions.extend(claim.actions(leases, slots));
        }
        if let Some(plan) = plan.as_ref().filter(|_| !call.status.is_terminal()) {
            actions.push(plans::put_action(leases, plan, now.plus(*token_ttl))?);
        }
        // A call that callbacks ended before it was opened was both.
        let began = plan.as_ref().map(|_| event::started(call, name.as_deref()));
        for happened in began.iter().chain(&event::missed(call)) {
            actions.push(events.tell(happened)?);
        }
        Ok(actions)
    }
}
