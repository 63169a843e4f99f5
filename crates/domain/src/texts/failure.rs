//! What an error of a carrier means for the text, its thread and its sender. The codes are data: one row each.
//!
//! Sources: Twilio's error dictionary and its mapping of WhatsApp's codes; Meta's Cloud API error codes.

use strum::{IntoStaticStr, VariantArray};

/// What is to be done about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Failure {
    /// Free words outside WhatsApp's window: the window is closed, whatever we counted.
    WindowClosed,
    /// The sender sends too much: later.
    SenderBusy,
    /// Too much to this one person: this thread waits, the others do not.
    PersonBusy,
    /// The person cannot be reached there.
    Undeliverable,
    /// The words, the media or the request are not taken.
    Refused,
    /// The words are longer than the carrier takes.
    TooLong,
    /// The template is missing, wrong, paused or disabled.
    Template,
    /// The carrier holds texts to this person back.
    PersonLimited,
    /// The person wants no advertising.
    NoMarketing,
    /// The person wants no texts.
    OptedOut,
    /// Our credentials are refused.
    Credentials,
    /// The sender's account is blocked or restricted.
    Blocked,
    /// It may pass.
    Passing,
    /// A code without a row here: it is not tried again, and a person is told of it.
    Unknown,
}

const TWILIO: &[(u32, Failure)] = &[
    (20_003, Failure::Credentials),
    (20_404, Failure::Refused),
    (20_429, Failure::SenderBusy),
    (20_500, Failure::Passing),
    (20_503, Failure::Passing),
    (21_211, Failure::Undeliverable),
    (21_408, Failure::Undeliverable),
    (21_606, Failure::Blocked),
    (21_610, Failure::OptedOut),
    (21_611, Failure::SenderBusy),
    (21_612, Failure::Undeliverable),
    (21_614, Failure::Undeliverable),
    (21_617, Failure::TooLong),
    (21_655, Failure::Template),
    (21_656, Failure::Template),
    (30_001, Failure::SenderBusy),
    (30_002, Failure::Blocked),
    (30_003, Failure::Undeliverable),
    (30_004, Failure::Undeliverable),
    (30_005, Failure::Undeliverable),
    (30_006, Failure::Undeliverable),
    (30_007, Failure::Refused),
    (30_008, Failure::Undeliverable),
    (30_022, Failure::SenderBusy),
    (30_036, Failure::Passing),
    (63_003, Failure::Undeliverable),
    (63_005, Failure::Refused),
    (63_007, Failure::Blocked),
    (63_012, Failure::Refused),
    (63_013, Failure::Undeliverable),
    (63_016, Failure::WindowClosed),
    (63_018, Failure::SenderBusy),
    (63_021, Failure::Refused),
    (63_024, Failure::Undeliverable),
    (63_027, Failure::Template),
    (63_028, Failure::Template),
    (63_029, Failure::Template),
    (63_030, Failure::Template),
    (63_032, Failure::PersonLimited),
    (63_033, Failure::Undeliverable),
    (63_038, Failure::SenderBusy),
];

const META: &[(u32, Failure)] = &[
    (4, Failure::SenderBusy),
    (100, Failure::Refused),
    (190, Failure::Credentials),
    (368, Failure::Blocked),
    (470, Failure::WindowClosed),
    (80_007, Failure::SenderBusy),
    (130_429, Failure::SenderBusy),
    (130_472, Failure::PersonLimited),
    (130_497, Failure::Blocked),
    (131_000, Failure::Passing),
    (131_009, Failure::Refused),
    (131_016, Failure::Passing),
    (131_021, Failure::Undeliverable),
    (131_026, Failure::Undeliverable),
    (131_030, Failure::Undeliverable),
    (131_031, Failure::Blocked),
    (131_047, Failure::WindowClosed),
    (131_049, Failure::PersonLimited),
    (131_050, Failure::NoMarketing),
    (131_051, Failure::Refused),
    (131_053, Failure::Refused),
    (131_056, Failure::PersonBusy),
    (131_057, Failure::Passing),
    (131_062, Failure::Undeliverable),
    (132_000, Failure::Template),
    (132_001, Failure::Template),
    (132_005, Failure::Template),
    (132_007, Failure::Template),
    (132_008, Failure::Template),
    (132_012, Failure::Template),
    (132_015, Failure::Template),
    (132_016, Failure::Template),
];

impl Failure {
    /// Every one.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// What Twilio's code means.
    pub fn of_twilio(code: u32) -> Self {
        Self::find(TWILIO, code)
    }

    /// What Meta's code means.
    pub fn of_meta(code: u32) -> Self {
        Self::find(META, code)
    }

    fn find(table: &[(u32, Self)], code: u32) -> Self {
        table.iter().find(|(row, _)| *row == code).map_or(Self::Unknown, |(_, failure)| *failure)
    }

    /// Whether the same text may be sent again later.
    pub const fn may_pass(self) -> bool {
        matches!(self, Self::SenderBusy | Self::PersonBusy | Self::Passing)
    }

    /// Whether an operator must act before anything more can be sent.
    pub const fn needs_operator(self) -> bool {
        matches!(self, Self::Credentials | Self::Blocked | Self::Template | Self::Unknown)
    }

    /// The word for programs, and the label in metrics.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// What it means, for a person who reads the thread.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::WindowClosed => {
                "More than 24 hours have passed since the person wrote: WhatsApp takes only an approved template now."
            }
            Self::SenderBusy => "The sender sends more than the carrier allows at a time.",
            Self::PersonBusy => "The carrier takes no more texts to this person at the moment.",
            Self::Undeliverable => "The person cannot be reached at this handle.",
            Self::Refused => "The carrier does not take these words or this attachment.",
            Self::TooLong => "The text is longer than the carrier takes.",
            Self::Template => "The template is missing, was filled in wrongly, or is paused or disabled.",
            Self::PersonLimited => "The carrier holds texts to this person back for now.",
            Self::NoMarketing => "The person wants no advertising over WhatsApp.",
            Self::OptedOut => "The person wants no texts from this sender.",
            Self::Credentials => "The carrier refuses the credentials: an operator must set them again.",
            Self::Blocked => "The carrier has blocked or restricted this sender: an operator must act.",
            Self::Passing => "The carrier had a passing trouble.",
            Self::Unknown => "The carrier gave an error that is not known here.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_stands_once_and_in_order() {
        for table in [TWILIO, META] {
            assert!(table.windows(2).all(|pair| pair[0].0 < pair[1].0));
        }
    }

    #[test]
    fn codes_of_both_carriers_mean_the_same_things() {
        for (twilio, meta, failure) in [
            (63_016, 131_047, Failure::WindowClosed),
            (63_018, 130_429, Failure::SenderBusy),
            (63_024, 131_026, Failure::Undeliverable),
            (63_021, 131_051, Failure::Refused),
            (63_028, 132_000, Failure::Template),
            (63_032, 130_472, Failure::PersonLimited),
            (20_003, 190, Failure::Credentials),
        ] {
            assert_eq!((Failure::of_twilio(twilio), Failure::of_meta(meta)), (failure, failure));
        }
        assert_eq!(Failure::of_twilio(21_610), Failure::OptedOut);
        assert_eq!(Failure::of_meta(131_056), Failure::PersonBusy);
        assert_eq!(Failure::of_twilio(99_999), Failure::Unknown);
    }

    #[test]
    fn what_passes_needs_no_operator_and_each_has_its_words() {
        for failure in Failure::ALL {
            assert!(!(failure.may_pass() && failure.needs_operator()));
            assert!(failure.in_words().ends_with('.'));
        }
    }
}
