//! Twilio accounts that businesses bring: their keys, and for which calls an account may speak.
//!
//! A call keeps the account that it began with. When a business changes its account, calls in progress and their
//! recordings go on under the one that it left, whose keys are therefore kept for a while.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::ids::AccountSid;
use crate::{Business, BusinessId, Secret, Timestamp};

/// How long the keys of an account are kept once its business has left it: its last calls are over by then, and their
/// recordings are copied and deleted at Twilio.
pub const KEPT_AFTER_LEAVING: Duration = Duration::from_secs(30 * 24 * 3_600);

/// Accounts of one business whose keys are kept at one time; of those that it left, the ones left last.
pub const MAX_ACCOUNTS: usize = 4;

/// The longest token, characters. Twilio's have 32.
pub const MAX_TOKEN_CHARS: usize = 128;

/// The keys of one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountKeys {
    /// The account.
    pub account: AccountSid,
    /// Opens the REST API and signs webhooks.
    pub auth_token: Secret,
    /// A second token that webhooks may be signed with, while the account's token is being changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_auth_token: Option<Secret>,
    /// When it was set.
    pub set_at: Timestamp,
    /// When the business left the account; `None` while new calls use it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_at: Option<Timestamp>,
}

impl AccountKeys {
    /// The tokens that webhooks may be signed with.
    pub fn tokens(&self) -> impl Iterator<Item = &Secret> {
        std::iter::once(&self.auth_token).chain(&self.previous_auth_token)
    }

    /// When the keys are no longer good. `None` while the business has the account.
    pub fn good_until(&self) -> Option<Timestamp> {
        self.left_at.map(|left| left.plus(KEPT_AFTER_LEAVING))
    }

    fn is_over(&self, now: Timestamp) -> bool {
        self.good_until().is_some_and(|until| until <= now)
    }
}

/// By what a token is known without being shown: the first 12 digits of its SHA-256, hexadecimal.
pub fn fingerprint(token: &Secret) -> String {
    let mut digits = hex::encode(Sha256::digest(token.expose().as_bytes()));
    digits.truncate(12);
    digits
}

/// What the secret of a business holds: the account that it has, and those that it left not long ago.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnAccounts {
    /// Each account at most once.
    pub accounts: Vec<AccountKeys>,
}

impl OwnAccounts {
    /// The keys of an account. `None`: the business never had it, or left it too long ago.
    pub fn keys(&self, account: &AccountSid, now: Timestamp) -> Option<&AccountKeys> {
        self.accounts.iter().find(|keys| keys.account == *account && !keys.is_over(now))
    }

    /// With these keys in place of those of the same account. Whether new calls use it is not decided here, so the
    /// other accounts stay as they are.
    #[must_use]
    pub fn with(mut self, keys: AccountKeys, now: Timestamp) -> Self {
        self.accounts.retain(|known| known.account != keys.account && !known.is_over(now));
        // Those that the business has come first, then those that it left, the last one left in front.
        self.accounts.sort_by_key(|known| std::cmp::Reverse(known.left_at.unwrap_or(Timestamp(i64::MAX))));
        self.accounts.truncate(MAX_ACCOUNTS - 1);
        self.accounts.insert(0, keys);
        self
    }

    /// As it is once new calls use `current`, or the deployment's account: every other account is left by now.
    #[must_use]
    pub fn leaving_others(mut self, current: Option<&AccountSid>, now: Timestamp) -> Self {
        self.accounts.retain(|keys| !keys.is_over(now));
        for keys in &mut self.accounts {
            let stays = current == Some(&keys.account);
            keys.left_at = if stays { None } else { Some(keys.left_at.unwrap_or(now)) };
        }
        self
    }

    /// When the last account that was left is forgotten.
    pub fn left_until(&self) -> Option<Timestamp> {
        self.accounts.iter().filter_map(AccountKeys::good_until).max()
    }
}

/// Whose signature a webhook of Twilio's carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// The account.
    pub account: AccountSid,
    /// The business that brought it; `None` for the deployment's own account.
    pub business: Option<BusinessId>,
}

impl Signer {
    /// Who speaks for test calls: a browser at the console, of no Twilio account.
    pub fn browser() -> Self {
        Self { account: AccountSid::none(), business: None }
    }

    /// Whether it may say anything about a call of `business` that is carried by `account`: a call is spoken for by
    /// the account that it began with, whatever its business has by now.
    pub fn speaks_for(&self, account: &AccountSid, business: &BusinessId) -> bool {
        self.account == *account && self.business.as_ref().is_none_or(|own| own == business)
    }

    /// Whether a call that begins now at a number of the business may come by this account: by the one that the
    /// business brought, or by the deployment's if it brought none.
    pub fn may_begin_calls_of(&self, business: &Business) -> bool {
        match (&self.business, &business.twilio_account) {
            (None, None) => true,
            (Some(own), Some(account)) => *own == business.id && self.account == *account,
            (None, Some(_)) | (Some(_), None) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing;

    const NOW: Timestamp = Timestamp(1_795_179_909_000);

    fn account(n: u8) -> AccountSid {
        AccountSid::parse(&format!("AC{n:032x}")).unwrap()
    }

    fn keys(n: u8, token: &str) -> AccountKeys {
        AccountKeys {
            account: account(n),
            auth_token: Secret::new(token),
            previous_auth_token: None,
            set_at: NOW,
            left_at: None,
        }
    }

    fn id(text: &str) -> BusinessId {
        BusinessId::parse(text).unwrap()
    }

    #[test]
    fn an_account_that_was_left_is_good_for_a_while() {
        let had = OwnAccounts::default().with(keys(1, "one"), NOW);
        let left = had.with(keys(2, "two"), NOW).leaving_others(Some(&account(2)), NOW);
        let last = NOW.plus(KEPT_AFTER_LEAVING).minus(Duration::from_millis(1));
        assert_eq!(left.keys(&account(1), last).unwrap().auth_token.expose(), "one");
        assert_eq!(left.keys(&account(1), NOW.plus(KEPT_AFTER_LEAVING)), None);
        assert!(left.keys(&account(2), NOW.plus(KEPT_AFTER_LEAVING * 9)).is_some());
        assert_eq!(left.left_until(), Some(NOW.plus(KEPT_AFTER_LEAVING)));
        // Coming back to it makes it the one that new calls use.
        let back = left.with(keys(1, "new"), NOW).leaving_others(Some(&account(1)), NOW);
        assert_eq!(back.keys(&account(1), NOW).unwrap().left_at, None);
        assert_eq!(back.keys(&account(2), NOW).unwrap().left_at, Some(NOW));
    }

    #[test]
    fn a_token_is_known_by_the_beginning_of_its_hash() {
        // printf %s token | sha256sum
        assert_eq!(fingerprint(&Secret::new("token")), "3c469e9d6c58");
    }

    #[test]
    fn no_key_is_printed() {
        let shown = format!("{:?}", OwnAccounts::default().with(keys(1, "canary"), NOW));
        assert!(!shown.contains("canary"), "{shown}");
    }

    #[derive(Debug, Clone)]
    enum Step {
        Set(u8),
        Switch(Option<u8>),
        Wait(u32),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0u8..8).prop_map(Step::Set),
            proptest::option::of(0u8..8).prop_map(Step::Switch),
            (0u32..40 * 86_400).prop_map(Step::Wait),
        ]
    }

    proptest! {
        /// Whatever is set, switched and waited for: accounts are few and each is there once, the one that was set last is
        /// good, and what was left is forgotten in time.
        #[test]
        fn accounts_are_few_and_forgotten_in_time(steps in proptest::collection::vec(step(), 0..40)) {
            let (mut own, mut now) = (OwnAccounts::default(), NOW);
            for step in steps {
                match step {
                    Step::Set(n) => {
                        own = own.with(keys(n, "token"), now);
                        prop_assert!(own.keys(&account(n), now).is_some());
                    }
                    Step::Switch(to) => {
                        let had = to.is_some_and(|to| own.keys(&account(to), now).is_some());
                        own = own.leaving_others(to.map(account).as_ref(), now);
                        prop_assert_eq!(to.is_some_and(|to| own.keys(&account(to), now).is_some()), had);
                        prop_assert!(own.accounts.iter().filter(|keys| keys.left_at.is_none()).count() <= 1);
                    }
                    Step::Wait(seconds) => now = now.plus(Duration::from_secs(seconds.into())),
                }
                prop_assert!(own.accounts.len() <= MAX_ACCOUNTS);
                for n in 0..8 {
                    prop_assert!(own.accounts.iter().filter(|keys| keys.account == account(n)).count() <= 1);
                }
                let later = own.left_until().map_or(now, |until| until.max(now));
                for left in own.accounts.iter().filter(|keys| keys.left_at.is_some()) {
                    prop_assert_eq!(own.keys(&left.account, later), None);
                }
            }
        }

        /// A signature counts for calls of its own business in its own account alone.
        #[test]
        fn a_signer_speaks_for_its_own_calls_alone(by in 0u8..4, of in 0u8..4, own in proptest::option::of("[ab]"), whose in "[ab]") {
            let signer = Signer { account: account(by), business: own.as_deref().map(id) };
            let may = signer.speaks_for(&account(of), &id(&whose));
            prop_assert_eq!(may, by == of && own.as_ref().is_none_or(|own| *own == whose));
        }

        /// A call begins under exactly the account that its business has.
        #[test]
        fn a_call_begins_under_the_account_of_its_business(
            by in 0u8..3, own in proptest::option::of("[ab]"), has in proptest::option::of(0u8..3), whose in "[ab]",
        ) {
            let mut business = testing::business();
            business.id = id(&whose);
            business.twilio_account = has.map(account);
            let signer = Signer { account: account(by), business: own.as_deref().map(id) };
            let expected = match (own, has) {
                (None, None) => true,
                (Some(own), Some(has)) => own == whose && has == by,
                _ => false,
            };
            prop_assert_eq!(signer.may_begin_calls_of(&business), expected);
        }
    }
}
