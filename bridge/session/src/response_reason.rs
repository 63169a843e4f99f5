//! Why we ask the model for a response, and what follows from it.

/// Why we asked for a response. Every request has one; it travels in the response's metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResponseReason {
    /// The first words of a call that was not greeted yet.
    Greeting,
    /// All tool calls of a response are answered.
    ToolOutput,
    /// A tool takes its time, and the caller should not wonder.
    Filler,
    /// Both sides have been silent for a while.
    SilencePrompt,
    /// The last words before we hang up.
    Goodbye,
    /// The caller pressed keys.
    Dtmf,
    /// The caller said something over the agent that was let pass and wants an answer.
    Overheard,
    /// The call is about to reach its maximum duration.
    Warning,
    /// A screening service asked who is calling.
    Screening,
    /// The business has the agent say certain words.
    Words,
    /// The last response failed without a word to the caller.
    Recovery,
}

/// What follows from a reason.
struct Row {
    word: &'static str,
    rank: u8,
    keeps_floor: bool,
    outlives_answer: bool,
    may_call_tools: bool,
    must_be_said: bool,
    is_missed: bool,
    is_owed: bool,
}

const fn row(
    word: &'static str,
    rank: u8,
    [keeps_floor, outlives_answer, may_call_tools, must_be_said, is_missed, is_owed]: [bool; 6],
) -> Row {
    Row { word, rank, keeps_floor, outlives_answer, may_call_tools, must_be_said, is_missed, is_owed }
}

impl ResponseReason {
    /// All reasons, in the order of their declaration.
    pub const ALL: [Self; 11] = [
        Self::Greeting,
        Self::ToolOutput,
        Self::Filler,
        Self::SilencePrompt,
        Self::Goodbye,
        Self::Dtmf,
        Self::Overheard,
        Self::Warning,
        Self::Screening,
        Self::Words,
        Self::Recovery,
    ];

    #[rustfmt::skip]
    const fn row(self) -> Row {
        const YES: bool = true;
        const NO: bool = false;
        match self {
            //                                          rank keeps outlives may call must be is      is
            //                                               floor answer   tools    said    missed  owed
            Self::Goodbye       => row("goodbye",        0, [YES,  YES,     NO,      YES,    NO,     NO]),
            Self::Greeting      => row("greeting",       1, [YES,  YES,     NO,      YES,    YES,    NO]),
            Self::Screening     => row("screening",      2, [NO,   NO,      NO,      YES,    YES,    YES]),
            Self::Words         => row("words",          2, [NO,   YES,     NO,      YES,    NO,     NO]),
            Self::ToolOutput    => row("tool_output",    2, [NO,   NO,      YES,     YES,    YES,    YES]),
            Self::Warning       => row("warning",        3, [NO,   YES,     NO,      YES,    NO,     NO]),
            Self::Dtmf          => row("dtmf",           4, [NO,   NO,      YES,     YES,    YES,    YES]),
            Self::Overheard     => row("overheard",      5, [NO,   NO,      YES,     NO,     YES,    YES]),
            Self::Recovery      => row("recovery",       6, [NO,   NO,      YES,     NO,     YES,    YES]),
            Self::SilencePrompt => row("silence_prompt", 7, [NO,   NO,      NO,      NO,     YES,    NO]),
            Self::Filler        => row("filler",         8, [NO,   NO,      NO,      NO,     NO,     NO]),
        }
    }

    /// The value of the metadata key `kind`.
    pub const fn as_str(self) -> &'static str {
        self.row().word
    }

    /// The reason of a metadata value; `None` for a word that is not ours.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }

    /// The order in which waiting requests are made: the lowest first.
    pub(crate) const fn rank(self) -> u8 {
        self.row().rank
    }

    /// The first and the last words of a call are said even while the caller has the floor.
    pub(crate) const fn keeps_floor(self) -> bool {
        self.row().keeps_floor
    }

    /// Whether it still has something to say once the model answers the caller, who may have brought up the rest.
    pub(crate) const fn outlives_answer(self) -> bool {
        self.row().outlives_answer
    }

    /// Whether a tool may be called in the response. Where we only want a sentence said, none may.
    pub(crate) const fn may_call_tools(self) -> bool {
        self.row().may_call_tools
    }

    /// Whether a request that lost the race against another response still has something to say.
    pub(crate) const fn must_be_said(self) -> bool {
        self.row().must_be_said
    }

    /// Whether the caller waits for the words: without them the model is asked again.
    pub(crate) const fn is_missed(self) -> bool {
        self.row().is_missed
    }

    /// Whether the next leg owes the caller an answer when this one was lost before a word of it was heard.
    pub(crate) const fn is_owed(self) -> bool {
        self.row().is_owed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_a_word_of_its_own() {
        for reason in ResponseReason::ALL {
            assert_eq!(ResponseReason::parse(reason.as_str()), Some(reason));
        }
        assert_eq!(ResponseReason::parse("chat"), None);
    }
}
