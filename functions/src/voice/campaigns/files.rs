//! The file of a campaign, and what a check made of it.

use std::collections::BTreeMap;

use domain::BusinessId;
use domain::campaign::entry::Person;
use domain::campaign::sheet::RowCode;
use domain::campaign::{Campaign, CampaignId};
use platform::objects::{ObjectError, Pieces};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::edge::parts::parts;
use crate::shared::file_bucket::{self, FileBucket};

/// What there is to say of a row of a campaign's file.
pub(super) type RowProblem = file_bucket::RowProblem<RowCode>;

parts! {
    /// Where files of campaigns lie.
    pub(super) struct Files {
        bucket: FileBucket,
    }
}

/// The people of a slice of the file, numbered from `first` on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Slice {
    pub(super) first: u32,
    pub(super) people: Vec<Person>,
}

impl Files {
    fn file(business: &BusinessId, id: &CampaignId) -> String {
        format!("campaigns/{business}/{id}/file")
    }

    /// What one check made of the file: a file that is checked again is read anew.
    fn of_check(business: &BusinessId, campaign: &Campaign, kind: &str, slice: u32) -> String {
        let began = campaign.report.as_ref().map_or(campaign.since, |report| report.began_at);
        format!("campaigns/{business}/{}/{}/{kind}/{slice}", campaign.id, began.0)
    }

    /// A request by which the file is put.
    pub(super) async fn link_to_put(
        &self,
        business: &BusinessId,
        campaign: &Campaign,
    ) -> Result<(Url, BTreeMap<String, String>), ObjectError> {
        self.bucket.link_to_put(&Self::file(business, &campaign.id), campaign.bytes).await
    }

    pub(super) async fn read_file(
        &self,
        business: &BusinessId,
        id: &CampaignId,
    ) -> Result<Option<Pieces>, ObjectError> {
        self.bucket.read(&Self::file(business, id)).await
    }

    /// Deletes the file: whom it names stands in the entries by now.
    pub(super) async fn forget(&self, business: &BusinessId, campaign: &Campaign) -> Result<(), ObjectError> {
        for slice in 0..campaign.report.as_ref().map_or(0, |report| report.slices) {
            self.bucket.delete(&Self::of_check(business, campaign, "rows", slice)).await?;
        }
        self.bucket.delete(&Self::file(business, &campaign.id)).await
    }

    pub(super) async fn put_slice(
        &self,
        business: &BusinessId,
        campaign: &Campaign,
        number: u32,
        (slice, problems): (&Slice, &[RowProblem]),
    ) -> Result<(), ObjectError> {
        self.bucket.put(Self::of_check(business, campaign, "rows", number), slice).await?;
        self.bucket.put(Self::of_check(business, campaign, "problems", number), problems).await
    }

    pub(super) async fn slice(
        &self,
        business: &BusinessId,
        campaign: &Campaign,
        number: u32,
    ) -> Result<Option<Slice>, ObjectError> {
        self.bucket.get(&Self::of_check(business, campaign, "rows", number)).await
    }

    /// `None`: they are not kept any more.
    pub(super) async fn problems(
        &self,
        business: &BusinessId,
        campaign: &Campaign,
        number: u32,
    ) -> Result<Option<Vec<RowProblem>>, ObjectError> {
        self.bucket.get(&Self::of_check(business, campaign, "problems", number)).await
    }
}
