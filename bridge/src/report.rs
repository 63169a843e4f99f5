//! The report of a session: what the session counted and what the sockets measured, put together.

use std::time::Duration;

use domain::{CallPlan, SessionReport, Timestamp};
use session::output::Close;

use crate::meters::Meters;

pub(crate) fn report(
    plan: &CallPlan,
    close: &Close,
    meters: &Meters,
    started_at: Timestamp,
    ended_at: Timestamp,
) -> SessionReport {
    let figures = &close.figures;
    let (turn_latency_p50, turn_latency_max) = median_and_max(&figures.turn_latencies);
    SessionReport {
        call: plan.call.clone(),
        epoch: plan.epoch,
        end: close.reason,
        transfer_to: figures.transfer_to.clone(),
        started_at,
        ended_at,
        turns: figures.turns,
        greeting_requested: figures.greeting_requested,
        greeting_heard: figures.greeting_heard,
        turn_latency_p50,
        turn_latency_max,
        added_up_p50_us: meters.up.percentile_us(50),
        added_up_p99_us: meters.up.percentile_us(99),
        added_down_p50_us: meters.down.percentile_us(50),
        added_down_p99_us: meters.down.percentile_us(99),
        barge_ins: figures.barge_ins,
        unbacked_claims: figures.unbacked_claims,
        barge_in_clear_max_us: meters.barge_in_clear_max.map(micros),
        frames_in: figures.frames_in,
        frames_forwarded: figures.frames_forwarded,
        frames_dropped: figures.frames_dropped,
        padded: figures.padded,
        agent_audio_sent: figures.agent_audio_sent,
        agent_audio_heard: figures.agent_audio_heard,
        usage: figures.usage,
        settings_left_out: meters.settings_left_out.iter().map(|&setting| setting.to_owned()).collect(),
    }
}

/// The one line of a call that has everything.
pub(crate) fn log(
    plan: &CallPlan,
    close: &Close,
    report: &SessionReport,
    warm_connects: u32,
    rejected_messages: u64,
    unplayable: u64,
) {
    let millis = |duration: Option<Duration>| duration.map(|duration| duration.as_millis());
    tracing::info!(
        call = %report.call,
        epoch = report.epoch.0,
        business = %plan.business,
        revision = plan.revision.0,
        end = report.end.as_str(),
        duration_ms = report.ended_at.since(report.started_at).as_millis(),
        turns = report.turns,
        model_losses = close.figures.model_losses,
        model_rollovers = close.figures.model_rollovers,
        warm_connects,
        settings_left_out = report.settings_left_out.join(","),
        greeting_requested_ms = millis(report.greeting_requested),
        greeting_heard_ms = millis(report.greeting_heard),
        turn_latency_p50_ms = millis(report.turn_latency_p50),
        turn_latency_max_ms = millis(report.turn_latency_max),
        added_up_p50_us = report.added_up_p50_us,
        added_up_p99_us = report.added_up_p99_us,
        added_down_p50_us = report.added_down_p50_us,
        added_down_p99_us = report.added_down_p99_us,
        barge_ins = report.barge_ins,
        unbacked_claims = report.unbacked_claims,
        barge_in_clear_max_us = report.barge_in_clear_max_us,
        frames_in = report.frames_in,
        frames_forwarded = report.frames_forwarded,
        frames_dropped = report.frames_dropped,
        rejected_messages,
        unplayable,
        padded_ms = report.padded.as_millis(),
        agent_audio_sent_ms = report.agent_audio_sent.as_millis(),
        agent_audio_heard_ms = report.agent_audio_heard.as_millis(),
        responses = report.usage.responses,
        input_text_tokens = report.usage.input_text,
        input_audio_tokens = report.usage.input_audio,
        cached_text_tokens = report.usage.cached_text,
        cached_audio_tokens = report.usage.cached_audio,
        output_text_tokens = report.usage.output_text,
        output_audio_tokens = report.usage.output_audio,
        "call ended"
    );
}

fn median_and_max(latencies: &[Duration]) -> (Option<Duration>, Option<Duration>) {
    let mut sorted = latencies.to_vec();
    sorted.sort_unstable();
    // The lower one of two middles: a latency that did occur.
    (sorted.get(sorted.len().saturating_sub(1) / 2).copied(), sorted.last().copied())
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_a_latency_that_occurred() {
        let ms = Duration::from_millis;
        assert_eq!(median_and_max(&[]), (None, None));
        assert_eq!(median_and_max(&[ms(5)]), (Some(ms(5)), Some(ms(5))));
        assert_eq!(median_and_max(&[ms(9), ms(1), ms(5), ms(7)]), (Some(ms(5)), Some(ms(9))));
    }
}
