//! What the person of a call asked for, recorded once for the call: by the bridge while it runs, and by the step behind it if that
//! came to nothing.

use domain::do_not_call::Source;
use domain::{BusinessId, CallSid, PhoneNumber, Timestamp};
use platform::Aws;

use super::{CALL, REASON, SINCE, SOURCE, key, partition};
use crate::StoreError;
use crate::item::Draft;
use crate::random;
use crate::table::{Key, Table, WriteOutcome};
use crate::transaction::{Action, Transacted, transact};

const ASKED: &str = "asked#";

/// Held by the bridge, and by what follows a call. It takes nothing off the list and changes no entry that is there.
#[derive(Debug, Clone)]
pub struct Recorder {
    numbers: Table,
}

impl Recorder {
    /// `table` is the name of DoNotCall.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { numbers: Table::new(aws, table) }
    }

    /// Puts the number of a call's person on the list, unless what they asked for in this call was done before: a number that
    /// people of the business took off since is not put there again. `false`: that, or the number was on the list and stays there as it
    /// is.
    ///
    /// # Errors
    /// [`StoreError`]; doing it again is safe.
    pub async fn put(
        &self,
        (business, call): (&BusinessId, &CallSid),
        number: &PhoneNumber,
        reason: Option<&str>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let asked = Key::new(partition(business), format!("{ASKED}{call}"));
        let done = || Draft::default().time(SINCE, now);
        let entry = done().text(SOURCE, Source::Call.as_str()).text(CALL, call.as_str());
        let entry = entry.optional_text(REASON, reason);
        let table = &self.numbers;
        let actions =
            [table.put_new_action(&asked, done()), table.put_new_action(&key(business, number), entry)];
        match transact(table, &actions, &random::id(&table.name)?).await? {
            Transacted::Done => Ok(true),
            Transacted::Refused(actions) => {
                if matches!(actions.first(), Some(Action::Willing)) {
                    // The list has the number from elsewhere. Once it is taken off, this call has nothing to ask any more.
                    match table.put_new(&asked, done()).await? {
                        WriteOutcome::Done(()) | WriteOutcome::Refused(_) => {}
                    }
                }
                Ok(false)
            }
        }
    }
}
