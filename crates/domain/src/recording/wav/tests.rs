use super::*;

fn wav(seconds: u32, channels: u16) -> Vec<u8> {
    let data = vec![0u8; (seconds * 8_000 * 2 * u32::from(channels)) as usize];
    let mut file = Vec::new();
    file.extend(b"RIFF");
    file.extend((36 + data.len() as u32).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16u32.to_le_bytes());
    file.extend(1u16.to_le_bytes());
    file.extend(channels.to_le_bytes());
    file.extend(8_000u32.to_le_bytes());
    file.extend((8_000 * 2 * u32::from(channels)).to_le_bytes());
    file.extend((2 * channels).to_le_bytes());
    file.extend(16u16.to_le_bytes());
    file.extend(b"data");
    file.extend((data.len() as u32).to_le_bytes());
    file.extend(data);
    file
}

fn read(file: &[u8]) -> Result<WavFormat, NotAudio> {
    read_as(file, None)
}

/// [`read`] of a file whose announced length is `announced_s`.
fn read_as(file: &[u8], announced_s: Option<u64>) -> Result<WavFormat, NotAudio> {
    let head = &file[..file.len().min(WAV_HEADER_MAX_BYTES)];
    wav_header(head, file.len() as u64, announced_s.map(Duration::from_secs))
}

/// With another size in the header of its data.
fn claiming(mut file: Vec<u8>, bytes: u32) -> Vec<u8> {
    file[40..44].copy_from_slice(&bytes.to_le_bytes());
    file
}

#[test]
fn a_stereo_wav_tells_its_format_and_length() {
    let format = read(&wav(3, 2)).unwrap();
    assert_eq!((format.channels, format.sample_rate_hz, format.duration_ms), (2, 8_000, 3_000));
    assert_eq!(format.codec, Codec::Pcm);
    assert_eq!(check_duration(&format, Some(Duration::from_secs(3))), Ok(()));
}

/// Fault 31. The XML of a 404 was once stored as the recording.
#[test]
fn xml_html_json_and_nothing_are_not_audio() {
    assert_eq!(read(b"<?xml version=\"1.0\"?><TwilioResponse/>  "), Err(NotAudio::WrongMagic("XML")));
    assert_eq!(read(b"<html><body>busy</body></html>"), Err(NotAudio::WrongMagic("HTML")));
    assert_eq!(read(b"{\"code\":20404,\"status\":404}"), Err(NotAudio::WrongMagic("JSON")));
    assert_eq!(read(b""), Err(NotAudio::Empty));
    assert_eq!(read(&wav(0, 2)), Err(NotAudio::Empty));
}

/// Fault 33.
#[test]
fn a_download_cut_short_is_noticed_by_its_own_header() {
    let file = wav(3, 2);
    assert!(matches!(read(&file[..file.len() * 6 / 10]), Err(NotAudio::CutShort { .. })));
}

#[test]
fn a_length_is_refused_beyond_the_tolerance_and_not_within_it() {
    let format = read(&wav(10, 1)).unwrap();
    for announced_s in [8, 9, 10, 11, 12] {
        assert_eq!(check_duration(&format, Some(Duration::from_secs(announced_s))), Ok(()));
    }
    for announced_s in [1, 7, 13, 30] {
        let (actual_ms, announced_ms) = (10_000, announced_s * 1_000);
        let refused = Err(NotAudio::Duration { actual_ms, announced_ms });
        assert_eq!(check_duration(&format, Some(Duration::from_secs(announced_s))), refused);
    }
    let longest = Some(Duration::MAX);
    assert!(check_duration(&format, longest).is_err(), "no length overflows");
}

/// Case B26. A length that Twilio does not know is compared with nothing.
#[test]
fn a_length_that_was_not_known_is_no_length_to_compare_with() {
    let format = read(&wav(10, 1)).unwrap();
    assert_eq!(check_duration(&format, None), Ok(()));
    assert_eq!(check_duration(&format, Some(Duration::ZERO)), Ok(()));
}

/// Case C19. Writers of streams do not know the length when they write the header.
#[test]
fn a_streams_placeholder_means_to_the_end_of_the_file() {
    let stated = read(&wav(3, 2)).unwrap();
    for placeholder in [
        0,
        0x7FFF_FFFF,
        0x7FFF_F000,
        0x7FFF_FFFF - 36,
        2_000_000_000,
        0x8000_0000,
        0xFFFF_F000,
        0xFFFF_FFFF - 36,
        0xFFFF_FFFF,
    ] {
        let file = claiming(wav(3, 2), placeholder);
        assert_eq!(read_as(&file, Some(3)), Ok(stated), "{placeholder:#x}");
        assert_eq!(read_as(&file, None), Ok(stated), "{placeholder:#x}");
        let cut = read_as(&file, Some(60)).unwrap();
        let cut = check_duration(&cut, Some(Duration::from_secs(60)));
        assert!(matches!(cut, Err(NotAudio::Duration { .. })), "it is not all of it: {placeholder:#x}");
    }
    assert_eq!(read_as(&claiming(wav(0, 2), u32::MAX), None), Err(NotAudio::Empty));
}

/// Case C19. Between a file that was cut and a header that was never corrected, the announced length decides.
#[test]
fn a_claim_past_the_end_is_believed_unless_the_announced_length_speaks_against_it() {
    let second = 8_000 * 2 * 2;
    let claims = |seconds: u32| claiming(wav(20, 2), seconds * second);
    assert_eq!(read_as(&claims(600), Some(20)), read(&wav(20, 2)), "what is there is what was announced");
    let cut = |seconds: u32| {
        let (declared, actual) = (u64::from(seconds * second), u64::from(20 * second));
        Err(NotAudio::CutShort { declared, actual })
    };
    assert_eq!(read_as(&claims(600), Some(600)), cut(600));
    assert_eq!(read_as(&claims(600), Some(300)), cut(600), "it is neither");
    assert_eq!(read_as(&claims(600), None), cut(600));
    assert_eq!(read_as(&claims(21), Some(20)), cut(21), "it may be either");
}

/// Case C19. `ffmpeg` puts its name before the samples, in a chunk of odd length with a byte of padding.
#[test]
fn chunks_before_the_samples_are_stepped_over_with_their_padding() {
    let plain = wav(3, 2);
    for length in [0u32, 1, 2, 27, 28] {
        let mut file = plain[..36].to_vec();
        file.extend(b"LIST");
        file.extend(length.to_le_bytes());
        // Were the padding not stepped over, its zero would be taken for the first letter of the next name.
        file.resize(file.len() + length.next_multiple_of(2) as usize, 0);
        let from = file.len() as u64 + 8;
        file.extend(&plain[36..]);
        let (format, samples) = wav_layout(&file, file.len() as u64, None).unwrap();
        assert_eq!((format, samples), (read(&plain).unwrap(), from..file.len() as u64), "{length}");
    }
}

/// Case B17. A format of the extensible kind names its codec behind the usual fields.
#[test]
fn an_extensible_format_says_further_on_what_it_is() {
    let plain = wav(3, 2);
    for (tag, codec) in [(1u16, Codec::Pcm), (7, Codec::Mulaw), (3, Codec::Other(3))] {
        let mut file = plain[..16].to_vec();
        file.extend(40u32.to_le_bytes());
        file.extend(0xFFFEu16.to_le_bytes());
        file.extend(&plain[22..36]);
        file.extend(22u16.to_le_bytes());
        file.extend([16, 0, 3, 0, 0, 0]);
        file.extend(tag.to_le_bytes());
        file.extend([0u8; 14]);
        file.extend(&plain[36..]);
        assert_eq!(read(&file), Ok(WavFormat { codec, ..read(&plain).unwrap() }));
    }
}

/// Case C19. MP3 without ID3 tags has many first bytes.
#[test]
fn mp3_is_named_by_any_of_its_frame_headers() {
    for sync in [0xFB, 0xFA, 0xF3, 0xF2, 0xE3, 0xE2] {
        let file = [0xFF, sync, 0x40, 0xC4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(read(&file), Err(NotAudio::WrongMagic("MP3")), "{sync:#x}");
    }
    assert_eq!(read(b"ID3\x04\0\0\0\0\0\0\0\0\0"), Err(NotAudio::WrongMagic("MP3")));
    for other in [
        // AAC, layers I and II, a version, a bit rate and a sampling rate that do not exist, UTF-16.
        [0xFF, 0xF1, 0x50],
        [0xFF, 0xFF, 0x40],
        [0xFF, 0xFD, 0x40],
        [0xFF, 0xEB, 0x40],
        [0xFF, 0xFB, 0xF0],
        [0xFF, 0xFB, 0x4C],
        [0xFF, 0xFE, 0x3C],
    ] {
        let file = [&other[..], &[0; 12]].concat();
        assert_eq!(read(&file), Err(NotAudio::WrongMagic("something unknown")), "{other:x?}");
    }
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_the_header_reader_panic(head in proptest::collection::vec(0u8.., 0..200), extra in 0u64..5_000) {
        let announced = Some(Duration::from_secs(extra));
        let _ = wav_header(&head, head.len() as u64 + extra, announced);
        let mut riff = b"RIFF\0\0\0\0WAVE".to_vec();
        riff.extend(&head);
        let _ = wav_header(&riff, riff.len() as u64 + extra, None);
    }
}
