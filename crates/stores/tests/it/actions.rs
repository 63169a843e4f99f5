//! What a business asks of a call: kept once, taken once by the session that has the call, and answered.

use std::time::Duration;

use domain::action::{ACTIONS_MAX, NotDone, TAKEN_WITHIN, Words};
use domain::{ActionId, ActionState, CallAction, CallPlan, Epoch, Timestamp};
use stores::StoreError;
use stores::actions::{Asked, Inbox, Requests, Steered};
use stores::calls::{self, ResumeCall, Resumed};

use crate::world::{LEASES, NOW, TABLE, TOKEN_TTL, World, all_at_once, call_sid, open_call};

struct Call {
    world: World,
    requests: Requests,
    inbox: Inbox,
}

impl Call {
    async fn open() -> Self {
        let world = World::new().await;
        calls::Writer::new(&world.aws, TABLE, LEASES, TABLE).open(&open_call(1, 4)).await.unwrap();
        let (requests, inbox) = (Requests::new(&world.aws, LEASES), Inbox::new(&world.aws, LEASES));
        Self { world, requests, inbox }
    }

    /// The next session has the call.
    async fn resume(&self, epoch: u32) {
        let plan = CallPlan { epoch: Epoch(epoch), greeting: None, ..open_call(1, 4).plan.unwrap() };
        let calls = calls::Writer::new(&self.world.aws, TABLE, LEASES, TABLE);
        let resumed = calls.resume(&ResumeCall { plan, token_ttl: TOKEN_TTL, now: NOW }).await.unwrap();
        assert_eq!(resumed, Resumed::Minted);
    }

    async fn ask(&self, key: &str, action: &CallAction) -> Asked {
        self.requests.ask(&call_sid(1), &id(key), action, NOW).await.unwrap()
    }

    async fn take(&self, key: &str, epoch: u32) -> Result<Option<CallAction>, StoreError> {
        self.inbox.take(&call_sid(1), &id(key), Epoch(epoch), NOW).await
    }

    async fn settle(&self, key: &str, epoch: u32, state: ActionState) -> bool {
        self.inbox.settle(&call_sid(1), &id(key), Epoch(epoch), state).await.unwrap()
    }

    async fn state(&self, key: &str, now: Timestamp) -> ActionState {
        self.requests.get(&call_sid(1), &id(key), now).await.unwrap().unwrap().state
    }

    async fn asked(&self) -> Vec<ActionId> {
        let calls = [call_sid(1), call_sid(2)];
        let mut asked = self.inbox.asked(&calls).await.unwrap();
        assert!(!asked.contains_key(&call_sid(2)), "nothing was asked of that call");
        asked.remove(&call_sid(1)).unwrap_or_default()
    }
}

fn id(key: &str) -> ActionId {
    ActionId::of(&call_sid(1), key)
}

fn words(text: &str) -> Words {
    Words::parse(text).unwrap()
}

fn say() -> CallAction {
    CallAction::Say { text: words("One moment.") }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn equal_requests_are_one_action_and_a_key_is_good_for_one() {
    let call = Call::open().await;
    let requests = call.requests.clone();
    let copies = (0..20).map(|_| {
        let requests = requests.clone();
        async move { requests.ask(&call_sid(1), &id("key"), &say(), NOW).await.unwrap() }
    });
    let asked = all_at_once(copies).await;
    assert_eq!(asked.iter().filter(|asked| matches!(asked, Asked::New(_))).count(), 1);
    assert!(asked.iter().all(|asked| matches!(asked, Asked::New(_) | Asked::Existing(_))));
    assert_eq!(call.asked().await, [id("key")]);
    assert_eq!(call.ask("key", &CallAction::End).await, Asked::KeyTaken);
    call.ask("later", &CallAction::End).await;
    assert_eq!(call.asked().await, [id("key"), id("later")], "in the order of the requests");
}

#[tokio::test]
async fn a_call_has_a_largest_number_of_actions_and_each_can_be_repeated() {
    let call = Call::open().await;
    for n in 0..ACTIONS_MAX {
        assert!(matches!(call.ask(&n.to_string(), &say()).await, Asked::New(_)));
    }
    assert_eq!(call.ask("one more", &say()).await, Asked::TooMany);
    assert!(matches!(call.ask("0", &say()).await, Asked::Existing(_)));
    assert_eq!(call.asked().await.len(), ACTIONS_MAX);
}

#[tokio::test]
async fn an_action_is_taken_once_and_answered_by_its_taker() {
    let call = Call::open().await;
    call.ask("key", &say()).await;
    assert_eq!(call.state("key", NOW).await, ActionState::Pending);
    assert_eq!(call.take("key", 1).await, Ok(Some(say())));
    assert_eq!(call.take("key", 1).await, Ok(Some(say())), "the answer to the first try was lost");
    assert_eq!(call.state("key", NOW).await, ActionState::Taken);
    assert!(!call.settle("key", 2, ActionState::Done).await, "it is another session's");
    let why = ActionState::NotDone(NotDone::CutShort);
    assert!(call.settle("key", 1, why).await && call.settle("key", 1, why).await);
    assert!(!call.settle("key", 1, ActionState::Done).await, "the first word stands");
    assert_eq!((call.state("key", NOW).await, call.take("key", 1).await), (why, Ok(None)));
}

#[tokio::test]
async fn an_action_that_no_session_took_in_time_is_not_done() {
    let call = Call::open().await;
    call.ask("key", &CallAction::End).await;
    let late = NOW.plus(TAKEN_WITHIN + Duration::from_millis(1));
    let expired = ActionState::NotDone(NotDone::Expired);
    assert_eq!(call.state("key", late).await, expired);
    assert_eq!(call.inbox.take(&call_sid(1), &id("key"), Epoch(1), late).await, Ok(None));
    assert_eq!(call.state("key", NOW).await, expired, "it stays so");
}

#[tokio::test]
async fn a_session_whose_call_was_given_to_another_takes_nothing_and_leaves_what_it_took() {
    let call = Call::open().await;
    for (key, action) in [("said", say()), ("mute", CallAction::MuteAgent), ("back", say()), ("new", say())] {
        call.ask(key, &action).await;
    }
    for key in ["said", "mute", "back"] {
        call.take(key, 1).await.unwrap();
    }
    assert!(call.settle("back", 1, ActionState::Pending).await, "it was given back");
    call.resume(2).await;
    let refused = call.take("new", 1).await;
    assert!(matches!(refused, Err(StoreError::Conditional { .. })), "{refused:?}");
    assert_eq!(call.take("said", 2).await, Ok(None), "it was perhaps heard");
    assert_eq!(call.state("said", NOW).await, ActionState::Unknown);
    assert_eq!(call.take("mute", 2).await, Ok(Some(CallAction::MuteAgent)));
    assert_eq!(call.take("back", 2).await, Ok(Some(say())));
    assert!(!call.settle("mute", 1, ActionState::Done).await, "the lost session wakes up");
    assert!(call.settle("mute", 2, ActionState::Done).await);
}

#[tokio::test]
async fn the_next_session_knows_the_notes_and_whether_the_agent_is_muted() {
    let call = Call::open().await;
    assert_eq!(call.inbox.steered(&call_sid(1)).await, Ok(Steered::default()));
    let note = |text: &str| CallAction::NoteToAgent { text: words(text) };
    for (key, action) in
        [("1", note("first")), ("2", say()), ("3", note("second")), ("4", note("never taken"))]
    {
        call.ask(key, &action).await;
    }
    for key in ["1", "2", "3"] {
        call.take(key, 1).await.unwrap();
        call.settle(key, 1, ActionState::Done).await;
    }
    call.inbox.note_muted(&call_sid(1), Epoch(1), true).await.unwrap();
    let steered = Steered { muted: true, notes: vec!["first".into(), "second".into()] };
    assert_eq!(call.inbox.steered(&call_sid(1)).await, Ok(steered));
    call.resume(2).await;
    let late = call.inbox.note_muted(&call_sid(1), Epoch(1), false).await;
    assert!(matches!(late, Err(StoreError::Conditional { .. })), "{late:?}");
}

#[tokio::test]
async fn what_needs_no_session_is_the_askers_to_answer() {
    let call = Call::open().await;
    let Asked::New(standing) = call.ask("key", &CallAction::Cancel).await else { panic!("it is new") };
    assert_eq!(standing.state, ActionState::Taken);
    assert!(call.asked().await.is_empty(), "no session is to see it");
    call.requests.settle(&call_sid(1), &id("key"), ActionState::Done).await.unwrap();
    assert_eq!(call.state("key", NOW).await, ActionState::Done);
}
