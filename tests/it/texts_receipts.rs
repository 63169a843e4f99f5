//! Texts of which a carrier says nothing more: it is asked, a few times, and then it is said how it ended.

use std::time::Duration;

use acceptance::World;
use acceptance::phones::{BURST, Way, answering};
use acceptance::sandbox::ScheduleSandbox;
use acceptance::threads::{TextRecord, ThreadRecord};
use domain::texts::outgoing::LOOKS;
use simulator::phone::{Habit, Phone, Report};

struct Talk {
    world: World,
    phone: Phone,
    thread: ThreadRecord,
    sweep: ScheduleSandbox,
}

impl Talk {
    /// A person was answered, and this is what became of the answer.
    async fn of(way: Way, habit: Habit) -> Self {
        let mut config = answering(&["We open at nine."]);
        config.meta = way == Way::Meta;
        let world = World::with(config).await;
        let phone = world.phone(way);
        phone.behaves(habit);
        phone.say("When do you open?").await.unwrap();
        let thread = world.thread_with(1).await;
        world.time_passes(BURST);
        world.arrives(&phone, 1).await;
        world.texts_settle().await;
        let sweep = ScheduleSandbox::start(&world, "text-sweep", &[]).await;
        Self { world, phone, thread, sweep }
    }

    async fn text(&self) -> TextRecord {
        self.world.texts_of(&self.thread).await.remove(0)
    }

    /// The sweep runs so long after now, and what it found is done.
    async fn swept_after(&self, wait: Duration) {
        assert!(self.sweep.ticks(self.world.now().plus(wait)).await);
        self.world.works_everything_off(&["TextsQueue"]).await;
    }

    /// How often Twilio was asked about the text.
    fn asked(&self) -> usize {
        let key = &self.phone.received()[0].key;
        let requests = self.world.twilio.requests();
        requests.iter().filter(|asked| asked.method == "GET" && asked.path.contains(key.as_str())).count()
    }
}

/// Fault 66. Twilio knows that the text arrived, and its callbacks were lost: it is asked once, after ten minutes.
async fn a_text_whose_callbacks_are_lost_is_asked_for_by_its_name() {
    let talk = Talk::of(Way::Sms, Habit::RECEIVES.and_loses_callbacks()).await;
    let before = talk.text().await;
    assert_eq!((before.status.as_deref(), before.receipt.as_deref()), (Some("queued"), None));
    talk.swept_after(LOOKS[0] - Duration::from_secs(60)).await;
    assert_eq!(talk.asked(), 0, "most callbacks come by themselves");
    talk.swept_after(LOOKS[0]).await;
    let text = talk.text().await;
    assert_eq!((text.status.as_deref(), text.receipt, talk.asked()), (Some("delivered"), None, 1));
    for look in LOOKS {
        talk.swept_after(look).await;
    }
    assert_eq!(talk.asked(), 1, "what is known is not asked again");
}

/// Fault 66. The same for a text that did not arrive, however often the sweep finds it before it was asked about.
async fn a_failure_whose_callback_is_lost_is_known_all_the_same() {
    let talk = Talk::of(Way::WhatsApp, Habit::fails(63_024).and_loses_callbacks()).await;
    let later = talk.world.now().plus(LOOKS[0]);
    for _ in 0..3 {
        assert!(talk.sweep.ticks(later).await);
    }
    talk.world.works_everything_off(&["TextsQueue"]).await;
    let text = talk.text().await;
    assert_eq!(text.status.as_deref(), Some("failed"));
    assert_eq!(text.failure.unwrap().carrier_code, Some(63_024));
    assert!(talk.asked() >= 1);
    assert_eq!(talk.phone.received().len(), 1, "it is not sent again");
}

/// Fault 66. Twilio knows no more than that it sent the text: that is said once it has given up itself, and a callback that
/// comes after all counts.
async fn a_text_that_no_network_confirms_is_unconfirmed_in_the_end() {
    let talk = Talk::of(Way::Sms, Habit::IS_OFF.and_loses_callbacks()).await;
    for (n, look) in LOOKS.into_iter().enumerate() {
        assert_eq!(talk.text().await.receipt, None);
        talk.swept_after(look).await;
        assert_eq!((talk.asked(), talk.text().await.status.as_deref()), (n + 1, Some("sent")));
    }
    assert_eq!(talk.text().await.receipt.as_deref(), Some("unconfirmed"));
    talk.swept_after(2 * LOOKS[3]).await;
    assert_eq!(talk.asked(), LOOKS.len());
    let received = talk.phone.received().remove(0);
    assert!(talk.phone.report(&received, &Report::new("delivered")).await.is_taken());
    let text = talk.world.newest_when(&talk.thread, |text| text.status.as_deref() == Some("delivered")).await;
    assert_eq!(text.receipt, None);
}

/// Fault 66. Meta cannot be asked: its callbacks may come until the end, and then it is unknown.
async fn a_text_over_meta_without_callbacks_ends_as_unknown() {
    let talk = Talk::of(Way::Meta, Habit::RECEIVES.and_loses_callbacks()).await;
    let asked = talk.world.meta().requests().len();
    for look in &LOOKS[..3] {
        talk.swept_after(*look).await;
        assert_eq!(talk.text().await.receipt, None);
    }
    talk.swept_after(LOOKS[3]).await;
    let text = talk.text().await;
    assert_eq!((text.status.as_deref(), text.receipt.as_deref()), (Some("accepted"), Some("unknown")));
    assert_eq!(talk.world.meta().requests().len(), asked, "there is no request for it");
}

acceptance::tests![
    a_text_whose_callbacks_are_lost_is_asked_for_by_its_name,
    a_failure_whose_callback_is_lost_is_known_all_the_same,
    a_text_that_no_network_confirms_is_unconfirmed_in_the_end,
    a_text_over_meta_without_callbacks_ends_as_unknown,
];
