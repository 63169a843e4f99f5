//! How long a prompt is.

/// How many tokens a text is about: a quarter of one for each ASCII character, half of one for every other. It is an
/// estimate: no tokenizer is asked.
pub fn estimated_tokens(text: &str) -> usize {
    let quarters: usize = text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
    quarters.div_ceil(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_about_four_ascii_characters_or_two_others() {
        assert_eq!(estimated_tokens(""), 0);
        assert_eq!(estimated_tokens("four"), 1);
        assert_eq!(estimated_tokens("fives"), 2);
        assert_eq!(estimated_tokens("שלום"), 2);
    }
}
