//! Measuring recordings: which samples a WAV holds, and how far two sounds are apart.

use std::io::Cursor;

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};
use simulator::audio::mulaw;

/// One sample at 8 kHz.
pub const SAMPLES_PER_MS: usize = 8;

/// What Twilio records: two channels of 16 bits at 8 kHz.
pub const STEREO: WavSpec =
    WavSpec { channels: 2, sample_rate: 8_000, bits_per_sample: 16, sample_format: SampleFormat::Int };

/// A recording of these samples, of the two channels in turn.
pub fn wav(samples: &[i16]) -> Vec<u8> {
    let mut file = Cursor::new(vec![]);
    let mut writer = WavWriter::new(&mut file, STEREO).expect("it fits");
    samples.iter().for_each(|sample| writer.write_sample(*sample).expect("it fits"));
    writer.finalize().expect("it fits");
    file.into_inner()
}

/// The two channels of a recording.
pub fn stereo(wav: &[u8]) -> (Vec<i16>, Vec<i16>) {
    let mut reader = WavReader::new(wav).expect("a WAV file");
    assert_eq!(reader.spec(), STEREO);
    let samples: Vec<i16> = reader.samples().collect::<Result<_, _>>().expect("whole samples");
    samples.chunks_exact(2).map(|frame| (frame[0], frame[1])).unzip()
}

/// How much of a part of a channel is speech, 0 to 1.
pub fn speech_share(channel: &[i16], part: std::ops::Range<u64>) -> f64 {
    const FRAME: usize = 160;
    const LOUD: i64 = 200;
    let place = |ms: u64| usize::try_from(ms * 8).unwrap_or(usize::MAX).min(channel.len());
    let frames = channel[place(part.start)..place(part.end)].chunks_exact(FRAME);
    let loud = |frame: &&[i16]| {
        frame.iter().map(|&sample| i64::from(sample).abs()).sum::<i64>() / FRAME as i64 > LOUD
    };
    let (all, loud) = (frames.len(), frames.filter(loud).count());
    loud as f64 / all.max(1) as f64
}

/// Mu-law as samples.
pub fn samples(mulaw: &[u8]) -> Vec<i16> {
    mulaw::decode_all(mulaw)
}

/// Where in `haystack` the loudest second of `needle` is found, less where it is in `needle`: the offset between
/// the two, in milliseconds, by cross-correlation of their energy. It is looked for in coarse steps, and around the best
/// of them in steps of one millisecond.
pub fn offset_ms(haystack: &[i16], needle: &[i16]) -> i64 {
    const PROBE_MS: usize = 1_500;
    const COARSE_MS: usize = 10;
    let (hay, probe) = (energy(haystack), energy(needle));
    let loudest = (0..probe.len().saturating_sub(PROBE_MS))
        .step_by(COARSE_MS)
        .max_by_key(|&at| probe[at..at + PROBE_MS].iter().map(|&e| e as u64).sum::<u64>())
        .unwrap_or(0);
    let wanted = &probe[loudest..(loudest + PROBE_MS).min(probe.len())];
    let last = hay.len().saturating_sub(wanted.len());
    let coarse =
        best((0..=last / COARSE_MS).collect(), &coarser(&hay, COARSE_MS), &coarser(wanted, COARSE_MS));
    let around = coarse * COARSE_MS;
    let found = best(
        (around.saturating_sub(2 * COARSE_MS)..=(around + 2 * COARSE_MS).min(last)).collect(),
        &hay,
        wanted,
    );
    found as i64 - loudest as i64
}

/// The place among `places` at which `wanted` fits best.
fn best(places: Vec<usize>, hay: &[f32], wanted: &[f32]) -> usize {
    let places = places.into_iter().filter(|at| at + wanted.len() <= hay.len());
    let scored = places.map(|at| (at, correlation(&hay[at..at + wanted.len()], wanted)));
    scored.max_by(|(_, a), (_, b)| a.total_cmp(b)).map_or(0, |(at, _)| at)
}

fn coarser(energy: &[f32], step: usize) -> Vec<f32> {
    energy.chunks(step).map(|part| part.iter().sum::<f32>() / part.len() as f32).collect()
}

/// Mean magnitude per millisecond.
fn energy(samples: &[i16]) -> Vec<f32> {
    samples
        .chunks(SAMPLES_PER_MS)
        .map(|ms| ms.iter().map(|&s| f32::from(s).abs()).sum::<f32>() / ms.len() as f32)
        .collect()
}

fn correlation(a: &[f32], b: &[f32]) -> f32 {
    let mean = |x: &[f32]| x.iter().sum::<f32>() / x.len() as f32;
    let (ma, mb) = (mean(a), mean(b));
    let (mut ab, mut aa, mut bb) = (0.0f32, 0.0f32, 0.0f32);
    for (x, y) in a.iter().zip(b) {
        ab += (x - ma) * (y - mb);
        aa += (x - ma) * (x - ma);
        bb += (y - mb) * (y - mb);
    }
    if aa == 0.0 || bb == 0.0 { 0.0 } else { ab / (aa * bb).sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use simulator::audio::speech;

    #[test]
    fn a_delayed_copy_is_found_at_its_delay() {
        let speech = samples(speech::CALLER_SERVICE.mulaw());
        let mut delayed = vec![0i16; 137 * SAMPLES_PER_MS];
        delayed.extend(&speech);
        assert!((offset_ms(&delayed, &speech) - 137).abs() <= 1);
    }
}
