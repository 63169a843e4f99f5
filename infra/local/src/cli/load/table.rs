//! The figures for a person.

use load::{ChurnReport, Medians, Report};

/// What a line is called, and where its figure is.
type Row = (&'static str, fn(&Medians) -> Option<f64>);

pub(super) fn load(report: &Report) -> Vec<String> {
    let options = &report.options;
    let mut lines = vec![
        String::new(),
        format!(
            "{} calls, {} s, medians of {} rounds{}",
            options.calls,
            options.seconds,
            options.rounds,
            if report.valid { "" } else { " - NOT VALID, see lateness and calls_failed" },
        ),
        format!("{:<36} {:>10} {:>10}", "", "bridge", "relay"),
    ];
    let rows: [Row; 20] = [
        ("added latency up p50, ms", |m| m.up_p50_ms),
        ("added latency up p99, ms", |m| m.up_p99_ms),
        ("added latency up p99.9, ms", |m| m.up_p999_ms),
        ("added latency down p50, ms", |m| m.down_p50_ms),
        ("added latency down p99, ms", |m| m.down_p99_ms),
        ("added latency down p99.9, ms", |m| m.down_p999_ms),
        ("start to greeting request p50, ms", |m| m.greeting_p50_ms),
        ("start to greeting request p99, ms", |m| m.greeting_p99_ms),
        ("calls that found a socket ready", |m| m.warm_starts),
        ("  start to greeting request p50, ms", |m| m.greeting_warm_p50_ms),
        ("  start to greeting request p99, ms", |m| m.greeting_warm_p99_ms),
        ("speech_started to clear p50, ms", |m| m.barge_in_p50_ms),
        ("speech_started to clear p99, ms", |m| m.barge_in_p99_ms),
        ("truncate error p99, ms", |m| m.truncate_error_p99_ms),
        ("late audio, ms", |m| m.late_audio_ms),
        ("lost frames", |m| m.frames_lost),
        ("lost deltas", |m| m.deltas_lost),
        ("CPU, ms per call-second", |m| m.cpu_ms_per_call_second),
        ("memory per call, KiB", |m| m.memory_per_call_kib),
        ("generator's lateness p99, ms", |m| m.lateness_p99_ms),
    ];
    lines.extend(rows.map(|(name, figure)| {
        format!("{name:<36} {:>10} {:>10}", number(figure(&report.bridge)), number(figure(&report.relay)))
    }));
    lines.push(String::new());
    lines.push(format!("{:<36} {:>10} {:>10}", "bar", "measured", "at most"));
    lines.extend(report.bars.iter().map(|bar| {
        let verdict = if bar.held { "held" } else { "NOT HELD" };
        format!("{:<36} {:>10} {:>10}  {verdict}", bar.figure, number(bar.measured), number(Some(bar.max)))
    }));
    lines
}

pub(super) fn churn(report: &ChurnReport) -> Vec<String> {
    let mut lines = vec![
        String::new(),
        format!("{:>10} {:>10} {:>14} {:>12}", "calls", "failed", "memory, KiB", "descriptors"),
    ];
    lines.extend(report.waves.iter().map(|wave| {
        let kib = wave.resident_bytes / 1_024;
        format!("{:>10} {:>10} {kib:>14} {:>12}", wave.calls, wave.failed, wave.descriptors)
    }));
    lines.push(format!(
        "growth {:.1} bytes per call, {} descriptors left: {}",
        report.growth_bytes_per_call,
        report.descriptors_left,
        if report.clean { "clean" } else { "NOT CLEAN" },
    ));
    lines
}

fn number(figure: Option<f64>) -> String {
    figure.map_or_else(|| "-".to_owned(), |figure| format!("{figure:.3}"))
}
