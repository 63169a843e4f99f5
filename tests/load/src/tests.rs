//! Both targets carry real calls. Only counts are asserted: the speed of the machine under test says nothing.

use std::time::Duration;

use crate::ledger::Tally;
use crate::options::Upstream;
use crate::script::Deltas;
use crate::target::{Target, TargetKind};
use crate::wave;

fn play(kind: TargetKind, deltas: Deltas, seconds: u64) -> Tally {
    play_over(kind, deltas, seconds, Upstream::default())
}

fn play_over(kind: TargetKind, deltas: Deltas, seconds: u64, upstream: Upstream) -> Tally {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let target = Target::within(kind, 2, deltas, upstream).await.unwrap();
        target.warmed_up().await.unwrap();
        let listeners = if kind == TargetKind::Bridge { 2 } else { 0 };
        wave::play(&target, (2, listeners), Duration::from_secs(seconds)).await.unwrap().tally
    })
}

fn assert_carried(tally: &Tally) {
    assert_eq!(tally.errors, []);
    assert_eq!(tally.greeting.total(), 2);
    assert!(tally.frames_sent >= 2 * 50 && tally.deltas_sent >= 2 * 4);
    assert_eq!(tally.frames_received, tally.frames_sent);
    assert_eq!(tally.frames_disordered, 0);
    assert_eq!(tally.deltas_received, tally.deltas_sent);
    assert!(tally.up.total() > 0 && tally.lateness.total() > 0);
}

#[test]
fn the_bridge_carries_every_frame_and_answers_every_interruption() {
    let tally = play(TargetKind::Bridge, Deltas::Burst, 4);
    assert_carried(&tally);
    assert!(tally.interruptions >= 2, "each call is interrupted in its second response");
    assert_eq!(tally.barge_in.total(), tally.interruptions);
    assert_eq!(tally.truncate_error.total(), tally.interruptions);
    assert_eq!((tally.clears_unexpected, tally.late_audio_ms), (0, 0));
}

#[test]
fn the_relay_carries_every_frame_and_interrupts_nothing() {
    let tally = play(TargetKind::Relay, Deltas::Paced, 1);
    assert_carried(&tally);
    assert_eq!((tally.barge_in.total(), tally.clears_unexpected), (0, 0));
}

/// A model that takes its time to answer the telephone, over TLS: what the caller said meanwhile arrives all the same.
#[test]
fn nothing_of_the_caller_is_lost_while_the_model_connects() {
    let upstream = Upstream { tls: true, connect_delay_ms: 1_500, warm: 0 };
    for kind in [TargetKind::Bridge, TargetKind::Relay] {
        assert_carried(&play_over(kind, Deltas::Burst, 2, upstream));
    }
}

/// Handshakes that were finished before the calls began: one for each socket that was ready.
#[test]
fn calls_begin_on_the_sockets_that_the_bridge_kept_ready() {
    let upstream = Upstream { tls: true, connect_delay_ms: 500, warm: 1 };
    let tally = play_over(TargetKind::Bridge, Deltas::Burst, 2, upstream);
    assert_carried(&tally);
    assert_eq!(tally.greeting_warm.total(), 1, "the other one connected for itself");

    let upstream = Upstream { warm: 2, ..upstream };
    let tally = play_over(TargetKind::Bridge, Deltas::Burst, 2, upstream);
    assert_carried(&tally);
    assert_eq!(tally.greeting_warm.total(), 2);

    let tally = play_over(TargetKind::Relay, Deltas::Burst, 1, upstream);
    assert_carried(&tally);
    assert_eq!(tally.greeting_warm.total(), 0, "there is nothing that could keep one");
}
