//! Businesses: their profiles, keys, numbers, settings and Twilio accounts.

pub mod keys;
pub mod numbers;
pub mod profiles;
pub mod provision;
pub mod settings;
pub mod sweep;
pub mod twilio_account;

use platform::business_secrets;

use crate::edge::parts::{Needs, Opener, Part, table_parts};

table_parts! {
    stores::businesses::Writer: "TABLE_BUSINESSES";
    stores::keys::Writer: "TABLE_KEYS";
    stores::members::Eraser: "TABLE_MEMBERS";
    stores::requests::Reader: "TABLE_REQUESTS";
    stores::endpoints::Eraser: "TABLE_EVENTS";
    stores::notifications::Eraser: "TABLE_EVENTS";
    stores::texts::Eraser: "TABLE_TEXTS";
}

impl Part for business_secrets::Writer {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        let prefix = needs.business_secrets();
        Box::new(move |deployment| Ok(Self::new(&deployment.aws, &prefix)))
    }
}
