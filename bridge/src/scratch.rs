//! Memory that all calls of a thread share, because each needs it for a moment only: a message is written, cut off and
//! handed to a socket within one wake-up. Otherwise every call would keep room for its longest message.

use std::cell::RefCell;

use bytes::{Bytes, BytesMut};

/// A message of the longest usual delta, 400 ms, is about 4.5 KiB.
const SCRATCH_BYTES: usize = 8 * 1024;
/// Messages are cut from blocks of this size; a block lives until its last message was sent.
const BLOCK_BYTES: usize = 32 * 1024;

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(Vec::with_capacity(SCRATCH_BYTES));
    static ARENA: RefCell<BytesMut> = RefCell::new(BytesMut::with_capacity(BLOCK_BYTES));
}

/// An empty buffer to write one message into.
pub(crate) fn with<T>(write: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    SCRATCH.with_borrow_mut(|scratch| {
        scratch.clear();
        let written = write(scratch);
        // Once in a while a message is long, and that must not stay.
        scratch.clear();
        scratch.shrink_to(SCRATCH_BYTES);
        written
    })
}

/// A copy of a message that is about to be sent. It keeps a block alive; code that keeps many copies one by one
/// instead.
pub(crate) fn cut(message: &[u8]) -> Bytes {
    if message.len() > BLOCK_BYTES / 2 {
        return Bytes::copy_from_slice(message);
    }
    ARENA.with_borrow_mut(|arena| {
        if arena.capacity() < message.len() {
            // Takes the old block again if nothing of it is left, and a new one otherwise.
            arena.reserve(BLOCK_BYTES);
        }
        arena.extend_from_slice(message);
        arena.split().freeze()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_cut_from_one_block_do_not_touch_each_other() {
        let messages: Vec<Bytes> = (0..2_000u32).map(|n| cut(n.to_string().repeat(20).as_bytes())).collect();
        for (n, message) in messages.iter().enumerate() {
            assert_eq!(*message, n.to_string().repeat(20));
        }
        let long = vec![7u8; BLOCK_BYTES * 2];
        assert_eq!(cut(&long), long);
    }

    #[test]
    fn the_scratch_is_empty_whatever_was_in_it() {
        with(|buffer| buffer.resize(1024 * 1024, 1));
        with(|buffer| {
            assert!(buffer.is_empty());
            assert!(buffer.capacity() < 1024 * 1024);
        });
    }
}
