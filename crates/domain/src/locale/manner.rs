//! How an agent speaks a language: in English words, which models follow best, with examples in the language.

/// How people of a language are addressed, and how figures are said. Each is one or two sentences for the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manner {
    /// The form of address.
    pub address: &'static str,
    /// Amounts and reference numbers.
    pub numbers: &'static str,
    /// Days and dates.
    pub dates: &'static str,
    /// Times of the day.
    pub times: &'static str,
    /// Sums of money.
    pub prices: &'static str,
    /// Telephone numbers.
    pub telephone: &'static str,
}

impl Manner {
    /// The rules in a fixed order.
    pub(crate) const fn each(&self) -> [&'static str; 6] {
        let Self { address, numbers, dates, times, prices, telephone } = self;
        [address, numbers, dates, times, prices, telephone]
    }

    pub(super) fn rules(&self, language: &str) -> String {
        format!("When you speak {language}: {}", self.each().join(" "))
    }
}
