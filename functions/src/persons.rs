//! Everything that is kept of one person, wherever it lies: erased, or given out, when that is asked for.
//!
//! Each owner of facts has a handle of its own that deletes of a person what it owns, and each feature gives out what it shows of
//! one; here they are asked one after another. Nothing is decided here about what a row means.

mod calls;
pub(crate) mod exporting;
mod others;
mod whose;
pub mod worker;

use crate::edge::parts::{Needs, Opener, Part, table_parts};

table_parts! {
    stores::calls::Eraser: "TABLE_CALLS";
    stores::campaigns::Eraser: "TABLE_CAMPAIGNS";
    stores::contacts::Eraser: "TABLE_CONTACTS";
    stores::contacts::PersonExports: "TABLE_CONTACTS";
    stores::do_not_call::Eraser: "TABLE_DO_NOT_CALL";
    stores::events::Eraser: "TABLE_EVENTS";
    stores::leads::Eraser: "TABLE_CONTACTS";
    stores::messages::Eraser: "TABLE_MESSAGES";
    stores::recordings::Eraser: "TABLE_RECORDINGS";
    stores::transcripts::Eraser: "TABLE_TRANSCRIPTS";
    stores::turns::Eraser: "TABLE_TURNS";
    stores::actions::Eraser: "TABLE_LEASES";
    stores::plans::Eraser: "TABLE_LEASES";
}

/// Its business is told of an appointment that is called off with the person.
impl Part for stores::appointments::Eraser {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        let (table, events) = (needs.table("TABLE_APPOINTMENTS"), needs.table("TABLE_EVENTS"));
        Box::new(move |deployment| Ok(Self::new(&deployment.aws, &table, &events)))
    }
}
