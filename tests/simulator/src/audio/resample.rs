//! Changing between 8 kHz and its small multiples with a windowed-sinc low-pass.
//!
//! Folding 16 or 24 kHz speech to 8 kHz without a filter turns sibilants into tones an energy detector
//! takes for speech, so the filter is not a luxury here.

use std::f64::consts::PI;

/// Filter taps per unit of the rate factor on each side of the centre. With a Blackman window this puts
/// the stop band some 70 dB down about 0.7 kHz beyond the cutoff.
const HALF_TAPS_PER_FACTOR: usize = 24;

/// Cutoff as a share of 4 kHz, the highest frequency 8 kHz audio can hold: 3.4 kHz, the telephone band.
const CUTOFF: f64 = 0.85;

/// `factor` times 8 kHz down to 8 kHz. A factor of 1 (or 0) copies.
pub fn decimate(samples: &[i16], factor: usize) -> Vec<i16> {
    if factor <= 1 {
        return samples.to_vec();
    }
    let taps = low_pass(factor);
    (0..samples.len()).step_by(factor).map(|centre| filtered(samples, centre, &taps)).collect()
}

/// 8 kHz up to `factor` times 8 kHz. A factor of 1 (or 0) copies.
pub fn interpolate(samples: &[i16], factor: usize) -> Vec<i16> {
    if factor <= 1 {
        return samples.to_vec();
    }
    // Zeroes between the samples, whose images the low-pass then removes; the gain makes up for them.
    let taps: Vec<f64> = low_pass(factor).iter().map(|tap| tap * factor as f64).collect();
    let mut stuffed = vec![0; samples.len() * factor];
    for (slot, &sample) in stuffed.iter_mut().step_by(factor).zip(samples) {
        *slot = sample;
    }
    (0..stuffed.len()).map(|centre| filtered(&stuffed, centre, &taps)).collect()
}

fn filtered(samples: &[i16], centre: usize, taps: &[f64]) -> i16 {
    let half = taps.len() / 2;
    let first = centre.saturating_sub(half);
    let last = (centre + half + 1).min(samples.len());
    let sum: f64 = samples[first..last]
        .iter()
        .zip(&taps[first + half - centre..])
        .map(|(&sample, tap)| f64::from(sample) * tap)
        .sum();
    sum.round().clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16
}

fn low_pass(factor: usize) -> Vec<f64> {
    let half = (HALF_TAPS_PER_FACTOR * factor) as i64;
    let cutoff = CUTOFF / factor as f64;
    let taps: Vec<f64> = (-half..=half)
        .map(|n| {
            let x = n as f64;
            let sinc = if n == 0 { cutoff } else { (PI * cutoff * x).sin() / (PI * x) };
            let phase = PI * x / (half + 1) as f64;
            sinc * (0.42 + 0.5 * phase.cos() + 0.08 * (2.0 * phase).cos())
        })
        .collect();
    let gain: f64 = taps.iter().sum();
    taps.iter().map(|tap| tap / gain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hz: f64, rate: f64, samples: usize) -> Vec<i16> {
        (0..samples).map(|n| ((2.0 * PI * hz * n as f64 / rate).sin() * 10_000.0) as i16).collect()
    }

    /// Level without the ends, where the filter runs in and out.
    fn level(samples: &[i16]) -> f64 {
        let middle = &samples[samples.len() / 4..samples.len() * 3 / 4];
        (middle.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>() / middle.len() as f64).sqrt()
    }

    #[test]
    fn a_speech_tone_keeps_its_level_and_length() {
        for factor in [2, 3] {
            let input = tone(1_000.0, 8_000.0 * factor as f64, 8_000 * factor);
            let output = decimate(&input, factor);
            assert_eq!(output.len(), 8_000);
            assert!((level(&output) / level(&input) - 1.0).abs() < 0.02, "factor {factor}");
        }
    }

    #[test]
    fn what_8_khz_cannot_hold_is_removed_and_not_folded() {
        for factor in [2, 3] {
            let input = tone(5_000.0, 8_000.0 * factor as f64, 8_000 * factor);
            assert!(level(&decimate(&input, factor)) < level(&input) / 300.0, "factor {factor}");
        }
    }

    #[test]
    fn up_and_down_again_is_the_same_speech() {
        let input = tone(700.0, 8_000.0, 4_000);
        let output = decimate(&interpolate(&input, 3), 3);
        assert_eq!(output.len(), input.len());
        let worst = input[400..3_600].iter().zip(&output[400..]).map(|(a, b)| (a - b).abs()).max();
        assert!(worst < Some(50), "{worst:?}");
    }

    #[test]
    fn nothing_in_is_nothing_out() {
        assert!(decimate(&[], 3).is_empty());
        assert!(interpolate(&[], 3).is_empty());
    }
}
