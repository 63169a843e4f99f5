//! What a new leg of the model has to be told of the conversation so far.

use std::collections::VecDeque;

use domain::Speaker;
use domain::plan::HistoryItem;
use domain::turn::ToolCall;

use crate::output::Past;

/// Characters that are kept and replayed: half an hour of talk, and a fraction of what one response costs.
const MEMORY_CHARS_MAX: usize = 16_000;
/// The same in pieces, for conversations of one word at a time.
const MEMORY_PIECES_MAX: usize = 96;

/// The latest of the conversation; what is older is forgotten first.
#[derive(Clone, Default)]
pub(crate) struct Memory {
    pieces: VecDeque<Piece>,
    chars: usize,
}

#[derive(Clone)]
enum Piece {
    Said {
        speaker: Speaker,
        text: String,
    },
    /// A call and its output stay together: neither means anything alone. An output that is still awaited is
    /// told when it comes.
    Tool {
        call_id: String,
        name: String,
        arguments: String,
        output: Option<String>,
    },
    Note {
        text: String,
    },
}

impl Memory {
    pub(crate) fn add_history(&mut self, history: &[HistoryItem]) {
        for item in history {
            self.add(match item.clone() {
                HistoryItem::Said { speaker, text } => Piece::Said { speaker, text },
                HistoryItem::Tool { call_id, name, arguments, output } => {
                    Piece::Tool { call_id, name, arguments, output: Some(output) }
                }
            });
        }
    }

    pub(crate) fn add_said(&mut self, speaker: Speaker, text: String) {
        if !text.is_empty() {
            self.add(Piece::Said { speaker, text });
        }
    }

    pub(crate) fn add_call(&mut self, call: ToolCall) {
        let ToolCall { call_id, name, arguments, output } = call;
        self.add(Piece::Tool { call_id, name, arguments, output });
    }

    pub(crate) fn add_note(&mut self, text: String) {
        self.add(Piece::Note { text });
    }

    pub(crate) fn last_words_of_agent(&self) -> Option<&str> {
        self.pieces.iter().rev().find_map(|piece| match piece {
            Piece::Said { speaker: Speaker::Agent, text } => Some(text.as_str()),
            Piece::Said { speaker: Speaker::Caller, .. } | Piece::Tool { .. } | Piece::Note { .. } => None,
        })
    }

    pub(crate) fn into_pieces(self) -> impl Iterator<Item = Past> {
        self.pieces
            .into_iter()
            .flat_map(|piece| match piece {
                Piece::Said { speaker, text } => [Some(Past::Said { speaker, text }), None],
                Piece::Note { text } => [Some(Past::Note { text }), None],
                Piece::Tool { call_id, name, arguments, output } => {
                    let answer = output.map(|output| Past::ToolOutput { call_id: call_id.clone(), output });
                    [Some(Past::ToolCall { call_id, name, arguments }), answer]
                }
            })
            .flatten()
    }

    fn add(&mut self, piece: Piece) {
        self.chars += piece.chars();
        self.pieces.push_back(piece);
        while self.chars > MEMORY_CHARS_MAX || self.pieces.len() > MEMORY_PIECES_MAX {
            let Some(oldest) = self.pieces.pop_front() else { return };
            self.chars -= oldest.chars();
        }
    }
}

impl Piece {
    fn chars(&self) -> usize {
        match self {
            Self::Said { text, .. } | Self::Note { text } => text.chars().count(),
            Self::Tool { name, arguments, output, .. } => {
                let output = output.as_ref().map_or(0, |output| output.chars().count());
                name.chars().count() + arguments.chars().count() + output
            }
        }
    }
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memory").field("pieces", &self.pieces.len()).field("chars", &self.chars).finish()
    }
}
