use proptest::prelude::*;

use super::*;

const LIMITS: Limits = Limits { longest: Duration::from_secs(600), most: 64 };

/// Levels of a channel that is silent but for the given seconds.
fn channel(length_s: usize, speech: &[(f64, f64)]) -> Vec<u16> {
    let mut levels = vec![3; length_s * 50];
    for (from, to) in speech {
        levels[(from * 50.0) as usize..(to * 50.0) as usize].fill(3_000);
    }
    levels
}

fn secs(time: Duration) -> f64 {
    time.as_secs_f64()
}

#[test]
fn levels_are_the_loudness_of_each_frame() {
    let mut levels = Levels::new(8_000);
    (0..160).for_each(|n| levels.push(if n % 2 == 0 { 1_000 } else { -1_000 }));
    (0..80).for_each(|_| levels.push(i16::MIN));
    assert_eq!(levels.finish(), [1_000, 32_768]);
    assert!(Levels::new(8_000).finish().is_empty());
}

#[test]
fn two_speakers_are_cut_into_their_turns_in_order() {
    let agent = channel(30, &[(0.5, 3.0), (8.0, 9.0), (9.8, 12.0)]);
    let caller = channel(30, &[(4.0, 7.0), (13.0, 14.0)]);
    let pieces = pieces(&[caller, agent], LIMITS);
    let order: Vec<(usize, u64)> =
        pieces.iter().map(|piece| (piece.channel, secs(piece.start) as u64)).collect();
    assert_eq!(order, [(1, 0), (0, 3), (1, 7), (0, 12)], "the agent's pause is not another turn");
    assert!((secs(pieces[2].speech) - 3.5).abs() < 0.8, "{:?}", pieces[2]);
    assert!(secs(pieces[1].end) > 7.0 && secs(pieces[1].end) < 7.5);
}

#[test]
fn silence_clicks_and_steady_noise_are_not_speech() {
    assert!(pieces(&[channel(60, &[])], LIMITS).is_empty());
    assert!(pieces(&[channel(60, &[(5.0, 5.06)])], LIMITS).is_empty());
    let noise = vec![300; 3_000];
    assert!(pieces(std::slice::from_ref(&noise), LIMITS).is_empty());
    let mut over_noise = noise;
    over_noise[500..700].fill(4_000);
    assert_eq!(pieces(&[over_noise], LIMITS).len(), 1);
    assert!(pieces(&[vec![], vec![]], LIMITS).is_empty());
}

/// Fault 43.
#[test]
fn speech_without_a_pause_is_cut_where_it_is_quietest_and_overlaps() {
    let mut levels = channel(100, &[(0.0, 100.0)]);
    levels[2_800] = 500;
    let limits = Limits { longest: Duration::from_secs(60), most: 64 };
    let pieces = pieces(&[levels], limits);
    assert_eq!(pieces.len(), 2);
    assert_eq!((secs(pieces[0].end), pieces[0].continues), (56.02, false));
    assert_eq!((secs(pieces[1].start), pieces[1].continues), (54.5, true), "what was cut is heard twice");
}

#[test]
fn very_many_turns_are_put_together() {
    let turns: Vec<(f64, f64)> = (0..300).map(|n| (f64::from(n) * 6.0, f64::from(n) * 6.0 + 1.0)).collect();
    let answers: Vec<(f64, f64)> = turns.iter().map(|(from, to)| (from + 3.0, to + 3.0)).collect();
    let pieces = pieces(&[channel(1_900, &turns), channel(1_900, &answers)], LIMITS);
    assert!(pieces.len() <= LIMITS.most, "{}", pieces.len());
    let speech: f64 = pieces.iter().map(|piece| secs(piece.speech)).sum();
    assert!(speech > 600.0, "and nothing of them is lost");
}

proptest! {
    #[test]
    fn all_speech_is_in_a_piece_and_no_piece_is_too_long(
        caller in prop::collection::vec((0u16..4_000, 1usize..400), 0..60),
        agent in prop::collection::vec((0u16..4_000, 1usize..400), 0..60),
        longest in 40u64..400,
    ) {
        let channel = |runs: &[(u16, usize)]| -> Vec<u16> {
            runs.iter().flat_map(|(level, frames)| std::iter::repeat_n(*level, *frames)).collect()
        };
        let channels = [channel(&caller), channel(&agent)];
        let limits = Limits { longest: Duration::from_secs(longest), most: 1_000 };
        let pieces = pieces(&channels, limits);
        for (n, levels) in channels.iter().enumerate() {
            let own: Vec<&Piece> = pieces.iter().filter(|piece| piece.channel == n).collect();
            for span in spans(levels) {
                for frame in span.start..span.end {
                    let within = |piece: &&Piece| piece.start <= time(frame) && time(frame + 1) <= piece.end;
                    prop_assert!(own.iter().copied().any(|piece| within(&piece)), "frame {frame} is in no piece");
                }
            }
            for piece in &own {
                prop_assert!(piece.end - piece.start <= limits.longest.max(time(MIN_PIECE)));
                prop_assert!(piece.end <= time(levels.len()) && piece.start < piece.end);
                prop_assert!(piece.speech <= piece.end - piece.start);
            }
        }
        prop_assert!(pieces.is_sorted_by_key(|piece| piece.start));
    }
}
