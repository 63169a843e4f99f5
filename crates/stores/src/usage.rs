//! What businesses used, month by month.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `usage#<business>` | `entry#<cause>` | one entry, with its month and figures; put once |
//! | `usage#<business>` | `month#<month>` | the sum of the month's entries, and which level of each cap the business was told of |
//! | `usage#<business>` | `day#<day>` | counts of the calls that began on the day, by their names in [`DayFigures`] |
//! | `usage#<business>` | `kept` | bytes of recordings that were stored and that were deleted, of all months |
//!
//! An entry and its additions to the sum and the day are one transaction, whose condition is that the entry is new. So a sum counts
//! each cause once and is never made anew from the calls.

use aws_sdk_dynamodb::types::{ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update};
use domain::BusinessId;
use domain::usage::{ByDirection, DayFigures, Entry, Level, Meter, Month, Reading, UsageFigures};
use jiff::civil::Date;

use crate::StoreError;
use crate::events::{self, NewEvent};
use crate::item::{Draft, Row, number};
use crate::random;
use crate::table::{Key, SK, Table};
use crate::transaction::{Transacted, transact};
use platform::Aws;

const MONTH: &str = "month";
const DAY: &str = "day#";
/// How many entries a sum has.
const ENTRIES: &str = "entries";

/// The sum of a business and month.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MonthSum {
    /// What was used.
    pub figures: UsageFigures,
    /// For each meter the cap and the rank of the level that the business was told of last.
    told: Vec<(Meter, u64, u8)>,
}

impl MonthSum {
    /// Whether the business was told of this level of this cap, or of a higher one. A cap that was changed since is
    /// another cap.
    #[must_use]
    pub fn was_told(&self, reading: &Reading) -> bool {
        self.told.iter().any(|(meter, cap, rank)| {
            *meter == reading.meter && *cap == reading.cap && *rank >= reading.level.rank()
        })
    }
}

/// Held by everything that needs to know what a business used.
#[derive(Debug, Clone)]
pub struct Reader {
    usage: Table,
}

impl Reader {
    /// `table` is the name of Usage.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { usage: Table::new(aws, table) }
    }

    /// The sum of a month; nothing for a month in which nothing was used.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn month(&self, business: &BusinessId, month: Month) -> Result<MonthSum, StoreError> {
        let row = self.usage.get(&month_key(business, month)).await?;
        row.map_or_else(|| Ok(MonthSum::default()), |row| sum(&row))
    }

    /// The days from `from` to `to` on which calls began, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn days(
        &self,
        business: &BusinessId,
        from: Date,
        to: Date,
    ) -> Result<Vec<(Date, DayFigures)>, StoreError> {
        let (from, to) = (format!("{DAY}{from}"), format!("{DAY}{to}"));
        let rows = self.usage.between(&partition(business), &from, &to).await?;
        let day = |row: &Row| {
            let date = row.parsed(SK, |text| text.trim_start_matches(DAY).parse())?;
            let mut figures = DayFigures::default();
            for (name, count) in row.numbers() {
                figures.add(name, count);
            }
            Ok((date, figures))
        };
        rows.iter().map(day).collect()
    }

    /// Bytes of the recordings that the business's bucket holds now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn kept_bytes(&self, business: &BusinessId) -> Result<u64, StoreError> {
        let row = self.usage.get(&kept_key(business)).await?;
        Ok(row.as_ref().map(sum).transpose()?.unwrap_or_default().figures.kept_bytes())
    }
}

/// Held by the function that settles what calls cost.
#[derive(Debug, Clone)]
pub struct Writer {
    usage: Table,
}

impl Writer {
    /// `table` is the name of Usage.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { usage: Table::new(aws, table) }
    }

    /// Adds an entry to its sum. `false`: its cause is counted already.
    ///
    /// # Errors
    /// [`StoreError`]; adding it again is safe.
    pub async fn add(&self, entry: Entry) -> Result<bool, StoreError> {
        let identity = random::id(&self.usage.name)?;
        let mut actions = self.actions(&entry);
        let UsageFigures { stored_bytes, deleted_bytes, .. } = *entry.figures();
        if stored_bytes > 0 || deleted_bytes > 0 {
            let key = kept_key(entry.business());
            let bytes = [("stored_bytes", stored_bytes), ("deleted_bytes", deleted_bytes)];
            actions.push(self.addition(&key, bytes));
        }
        let done = transact(&self.usage, &actions, &identity).await?;
        Ok(matches!(done, Transacted::Done))
    }

    /// The same as actions of a transaction: first the entry, which is refused if its cause is counted already, then
    /// what it is added to.
    pub(crate) fn actions(&self, entry: &Entry) -> Vec<TransactWriteItem> {
        let figures = used(entry.figures());
        let draft = Draft::default().text(MONTH, entry.month().to_string());
        let draft = figures.iter().fold(draft, |draft, (name, figure)| draft.number(name, figure));
        let month = month_key(entry.business(), entry.month());
        let added = figures.iter().copied().chain([(ENTRIES, 1)]);
        let mut actions =
            vec![self.usage.put_new_action(&entry_key(entry), draft), self.addition(&month, added)];
        if let Some((day, figures)) = entry.day() {
            let day = Key::new(partition(entry.business()), format!("{DAY}{day}"));
            actions.push(self.addition(&day, figures.counts()));
        }
        actions
    }

    fn addition<N: Into<String>>(
        &self,
        to: &Key,
        figures: impl IntoIterator<Item = (N, u64)>,
    ) -> TransactWriteItem {
        let mut update = Update::builder().table_name(&*self.usage.name).set_key(Some(to.attributes()));
        let mut added = vec![];
        for (place, (name, figure)) in figures.into_iter().enumerate() {
            added.push(format!("#n{place} :n{place}"));
            update = update
                .expression_attribute_names(format!("#n{place}"), name)
                .expression_attribute_values(format!(":n{place}"), number(figure));
        }
        // Building fails only without table, key or expression; all are given.
        let add = update.update_expression(format!("ADD {}", added.join(", "))).build().ok();
        TransactWriteItem::builder().set_update(add).build()
    }

    /// Notes that a business is told of this level of a cap, and puts the event that tells it, in one transaction.
    /// `false`: it was told of it before; nothing is written then.
    ///
    /// # Errors
    /// [`StoreError`]; telling it again is safe.
    pub async fn tell(
        &self,
        business: &BusinessId,
        month: Month,
        reading: &Reading,
        (events, event): (&events::Writer, &NewEvent),
    ) -> Result<bool, StoreError> {
        let actions = [self.told(business, month, reading), events.action(event)?];
        let done = transact(&self.usage, &actions, &random::id(&self.usage.name)?).await?;
        Ok(matches!(done, Transacted::Done))
    }

    fn told(&self, business: &BusinessId, month: Month, reading: &Reading) -> TransactWriteItem {
        let [cap, level] = told_attributes(reading.meter);
        let update = Update::builder()
            .table_name(&*self.usage.name)
            .set_key(Some(month_key(business, month).attributes()))
            .update_expression("SET #cap = :cap, #level = :level")
            .condition_expression("attribute_not_exists(#cap) OR #cap <> :cap OR #level < :level")
            .expression_attribute_names("#cap", cap)
            .expression_attribute_names("#level", level)
            .expression_attribute_values(":cap", number(reading.cap))
            .expression_attribute_values(":level", number(reading.level.rank()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::None);
        // Building fails only without table, key or expression; all are given.
        TransactWriteItem::builder().set_update(update.build().ok()).build()
    }
}

fn entry_key(entry: &Entry) -> Key {
    Key::new(partition(entry.business()), format!("entry#{}", entry.cause()))
}

fn month_key(business: &BusinessId, month: Month) -> Key {
    Key::new(partition(business), format!("month#{month}"))
}

fn kept_key(business: &BusinessId) -> Key {
    Key::new(partition(business), "kept")
}

fn partition(business: &BusinessId) -> String {
    format!("usage#{business}")
}

/// Where it is noted which cap and level the business was told of.
const fn told_attributes(meter: Meter) -> [&'static str; 2] {
    match meter {
        Meter::Minutes => ["told_minutes_cap", "told_minutes_level"],
        Meter::Money => ["told_money_cap", "told_money_level"],
    }
}

/// The figures that are not zero, by their attributes.
fn used(figures: &UsageFigures) -> Vec<(&'static str, u64)> {
    let UsageFigures {
        calls,
        refused,
        talk_ms,
        model_micros,
        carrier_micros,
        unpriced,
        stored_bytes,
        deleted_bytes,
    } = *figures;
    let all = [
        ("calls_inbound", calls.inbound),
        ("calls_outbound", calls.outbound),
        ("calls_test", calls.test),
        ("calls_unknown", calls.unknown),
        ("refused", refused),
        ("talk_ms_inbound", talk_ms.inbound),
        ("talk_ms_outbound", talk_ms.outbound),
        ("talk_ms_test", talk_ms.test),
        ("talk_ms_unknown", talk_ms.unknown),
        ("model_micros", model_micros),
        ("carrier_micros", carrier_micros),
        ("unpriced", unpriced),
        ("stored_bytes", stored_bytes),
        ("deleted_bytes", deleted_bytes),
    ];
    all.into_iter().filter(|(_, figure)| *figure > 0).collect()
}

fn sum(row: &Row) -> Result<MonthSum, StoreError> {
    let figure = |name| Ok(row.optional_number(name)?.unwrap_or(0));
    let figures = UsageFigures {
        calls: ByDirection {
            inbound: figure("calls_inbound")?,
            outbound: figure("calls_outbound")?,
            test: figure("calls_test")?,
            unknown: figure("calls_unknown")?,
        },
        refused: figure("refused")?,
        talk_ms: ByDirection {
            inbound: figure("talk_ms_inbound")?,
            outbound: figure("talk_ms_outbound")?,
            test: figure("talk_ms_test")?,
            unknown: figure("talk_ms_unknown")?,
        },
        model_micros: figure("model_micros")?,
        carrier_micros: figure("carrier_micros")?,
        unpriced: figure("unpriced")?,
        stored_bytes: figure("stored_bytes")?,
        deleted_bytes: figure("deleted_bytes")?,
    };
    let mut told = vec![];
    for meter in [Meter::Minutes, Meter::Money] {
        let [cap, level] = told_attributes(meter);
        if let Some(cap) = row.optional_number(cap)? {
            told.push((meter, cap, row.optional_number(level)?.unwrap_or(Level::Within.rank())));
        }
    }
    Ok(MonthSum { figures, told })
}
