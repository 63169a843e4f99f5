use std::ops::Range;

use proptest::prelude::*;

use super::*;

fn format(channels: u16, sample_rate_hz: u32) -> WavFormat {
    WavFormat { codec: Codec::Pcm, channels, sample_rate_hz, bits_per_sample: 16, duration_ms: 1 }
}

/// A file with a header of `header` bytes, whose samples are these.
fn file(header: usize, frames: &[[i16; 2]]) -> (Vec<u8>, Range<u64>) {
    let mut file = vec![0xAA; header];
    file.extend(frames.iter().flatten().flat_map(|sample| sample.to_le_bytes()));
    let samples = header as u64..file.len() as u64;
    // Behind the samples may be other chunks.
    file.extend([0x7F; 9]);
    (file, samples)
}

fn waveform(rate: u32, header: usize, frames: &[[i16; 2]], pieces: impl Iterator<Item = usize>) -> Waveform {
    let (file, samples) = file(header, frames);
    let mut meter = PeakMeter::of(&format(2, rate), samples).unwrap();
    let mut rest = &file[..];
    for piece in pieces {
        let (bytes, more) = rest.split_at(piece.min(rest.len()));
        meter.push(bytes);
        rest = more;
    }
    meter.push(rest);
    meter.finish()
}

/// The same from all samples at once.
fn naive(rate: u32, frames: &[[i16; 2]], ms: u32) -> [Peaks; 2] {
    let peaks = |channel: usize| {
        let mut peaks = vec![];
        for (n, frame) in frames.iter().enumerate() {
            // A stretch takes the sample that reaches its end.
            let stretch = (n as u64 * 1_000 / (u64::from(ms) * u64::from(rate))) as usize;
            peaks.resize(peaks.len().max(stretch + 1), 0);
            peaks[stretch] = peaks[stretch].max((frame[channel].unsigned_abs() >> 7).min(255) as u8);
        }
        Peaks(peaks)
    };
    [peaks(0), peaks(1)]
}

#[test]
fn a_second_of_each_speaker_is_fifty_peaks_of_each_channel() {
    let frames: Vec<[i16; 2]> =
        (0..16_000).map(|n| if n < 8_000 { [-12_800, 0] } else { [0, 256] }).collect();
    let waveform = waveform(8_000, 44, &frames, std::iter::empty());
    assert_eq!(waveform.milliseconds_per_peak, 20);
    let of = |speaker| waveform.of(speaker, RecordingSource::StartTwiml);
    assert_eq!(of(Speaker::Caller), [[100; 50], [0; 50]].concat());
    assert_eq!(of(Speaker::Agent), [[0; 50], [2; 50]].concat());
    assert_eq!(waveform.of(Speaker::Agent, RecordingSource::Trunking), of(Speaker::Caller));
}

#[test]
fn the_loudest_sample_there_is_fits() {
    let waveform = waveform(8_000, 44, &[[i16::MIN, i16::MAX]], std::iter::empty());
    assert_eq!(waveform.channels, [Peaks(vec![255]), Peaks(vec![255])]);
}

#[test]
fn four_hours_take_no_more_than_a_short_call() {
    let mut meter = PeakMeter::of(&format(2, 8_000), 0..u64::MAX).unwrap();
    let second = [1_280_i16, -2_560].map(i16::to_le_bytes).concat().repeat(8_000);
    for _ in 0..4 * 3_600 {
        meter.push(&second);
    }
    assert!(meter.peaks.iter().all(|peaks| peaks.capacity() == MAX_PEAKS));
    let waveform = meter.finish();
    let [caller, agent] = &waveform.channels;
    assert_eq!(waveform.milliseconds_per_peak, 20 << 11);
    assert_eq!((caller.0.len(), agent.0.len()), (352, 352), "a peak for each 40.96 s that began");
    assert!(caller.0.iter().all(|peak| *peak == 10) && agent.0.iter().all(|peak| *peak == 20));
}

#[test]
fn a_recording_that_fills_all_peaks_and_one_sample_more_is_halved() {
    let exactly = vec![[0, 0]; 400 * 160];
    let full = waveform(8_000, 44, &exactly, std::iter::empty());
    assert_eq!((full.milliseconds_per_peak, full.channels[0].0.len()), (20, 400));
    let more = waveform(8_000, 44, &[exactly, vec![[0, 0]]].concat(), std::iter::empty());
    assert_eq!((more.milliseconds_per_peak, more.channels[0].0.len()), (40, 201));
}

#[test]
fn what_has_not_two_channels_of_linear_samples_has_no_waveform() {
    assert!(PeakMeter::of(&format(1, 8_000), 44..100).is_none());
    assert!(PeakMeter::of(&format(3, 8_000), 44..100).is_none());
    assert!(PeakMeter::of(&WavFormat { codec: Codec::Mulaw, ..format(2, 8_000) }, 44..100).is_none());
    assert!(PeakMeter::of(&WavFormat { bits_per_sample: 8, ..format(2, 8_000) }, 44..100).is_none());
}

#[test]
fn an_empty_or_broken_file_is_measured_as_far_as_it_goes() {
    let mut meter = PeakMeter::of(&format(2, 8_000), 44..1_000).unwrap();
    meter.push(&[0; 47]);
    let waveform = meter.finish();
    assert!(waveform.channels.iter().all(|peaks| peaks.0.is_empty()));
}

#[test]
fn it_is_stored_as_a_short_text() {
    let waveform = Waveform { milliseconds_per_peak: 40, channels: [Peaks(vec![255, 0]), Peaks(vec![1])] };
    let text = serde_json::to_string(&waveform).unwrap();
    assert_eq!(text, r#"{"milliseconds_per_peak":40,"channels":["/wA=","AQ=="]}"#);
    assert_eq!(serde_json::from_str::<Waveform>(&text).unwrap(), waveform);
    assert!(serde_json::from_str::<Waveform>(&text.replace("AQ==", "?")).is_err());
    let full = || Peaks(vec![255; MAX_PEAKS]);
    let longest = Waveform { milliseconds_per_peak: u32::MAX, channels: [full(), full()] };
    assert!(serde_json::to_string(&longest).unwrap().len() < 1_200);
}

proptest! {
    /// However the bytes are cut, and whatever the rate, the peaks are those of all samples, in stretches of their length.
    #[test]
    fn pieces_of_any_length_give_the_same_peaks(
        frames in prop::collection::vec(any::<[i16; 2]>(), 1..40_000),
        rate in prop::sample::select(vec![1_000_u32, 8_000, 11_025, 16_000]),
        header in prop::sample::select(vec![0_usize, 44, 58, 4_096]),
        pieces in prop::collection::vec(1_usize..5_000, 0..40),
    ) {
        let waveform = waveform(rate, header, &frames, pieces.into_iter());
        prop_assert!(waveform.channels.iter().all(|peaks| peaks.0.len() <= MAX_PEAKS));
        prop_assert_eq!(waveform.milliseconds_per_peak % SHORTEST_PEAK_MS, 0);
        if waveform.milliseconds_per_peak > SHORTEST_PEAK_MS {
            prop_assert!(waveform.channels[0].0.len() > MAX_PEAKS / 2);
        }
        prop_assert_eq!(&waveform.channels, &naive(rate, &frames, waveform.milliseconds_per_peak));
    }
}
