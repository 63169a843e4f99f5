//! What all features give of one person, in the order of the archive.

use domain::contact::erasure::Step;

use crate::appointments::of_person::AppointmentsOfPerson;
use crate::calls::of_person::CallsOfPerson;
use crate::contacts::of_person::ContactOfPerson;
use crate::do_not_call::of_person::DoNotCallOfPerson;
use crate::edge::batch::JobError;
use crate::edge::parts::parts;
use crate::events::of_person::EventsOfPerson;
use crate::leads::of_person::LeadsOfPerson;
use crate::messages::of_person::MessagesOfPerson;
use crate::shared::of_person::{Bag, OfPerson, Person};
use crate::texts::of_person::TextsOfPerson;
use crate::transcripts::api::of_person::TranscriptsOfPerson;
use crate::voice::campaigns::of_person::CampaignsOfPerson;

/// A struct of some features, which gives what each of them gives.
macro_rules! all_of {
    ($name:ident { $($field:ident: $source:ty,)+ }) => {
        parts! {
            pub(crate) struct $name {
                $($field: $source,)+
            }
        }

        impl OfPerson for $name {
            const STEPS: &'static [Step] = &steps([$(<$source>::STEPS),+]);

            async fn give(&self, person: &Person<'_>, bag: &mut Bag) -> Result<(), JobError> {
                $(self.$field.give(person, bag).await?;)+
                Ok(())
            }
        }
    };
}

all_of! { Everything {
    contact: ContactOfPerson,
    calls: CallsOfPerson,
    transcripts: TranscriptsOfPerson,
    messages: MessagesOfPerson,
    texts: TextsOfPerson,
    do_not_call: DoNotCallOfPerson,
    campaigns: CampaignsOfPerson,
    leads: LeadsOfPerson,
    appointments: AppointmentsOfPerson,
    events: EventsOfPerson,
} }

/// How many owners of data an export gives.
const GIVEN: usize = {
    let (mut given, mut at) = (0, 0);
    while at < Step::ALL.len() {
        if Step::ALL[at].left_out().is_none() {
            given += 1;
        }
        at += 1;
    }
    given
};

/// The steps of some features as one list. It does not compile unless they are all that an export gives.
const fn steps<const N: usize>(of: [&[Step]; N]) -> [Step; GIVEN] {
    let (mut all, mut count, mut feature) = ([Step::Contact; GIVEN], 0, 0);
    while feature < N {
        let mut at = 0;
        while at < of[feature].len() {
            all[count] = of[feature][at];
            count += 1;
            at += 1;
        }
        feature += 1;
    }
    assert!(count == GIVEN, "a feature gives what is left out, or what another one gives");
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// What an erasure deletes, an export gives, or says why not.
    #[test]
    fn every_owner_of_data_is_given_or_left_out_with_a_reason() {
        let given: BTreeSet<Step> = Everything::STEPS.iter().copied().collect();
        let owed: BTreeSet<Step> =
            Step::ALL.iter().copied().filter(|step| step.left_out().is_none()).collect();
        assert_eq!(given, owed);
    }
}
