//! What a person and the business wrote to each other, with what came with it, and whether the person wants texts, given out.

use domain::contact::erasure::Step;
use domain::contact::person_export::LeftOut;
use domain::texts::Text;
use domain::texts::consent::Consent;
use domain::texts::thread::Thread;
use domain::token::TokenKey;
use platform::Clock;
use serde::Serialize;
use stores::texts::{Kept, Reader};

use super::api::{TextView, ThreadView};
use crate::edge::batch::JobError;
use crate::edge::parts::parts;
use crate::shared::erased::erased;
use crate::shared::of_person::{Bag, OfPerson, Person};
use crate::shared::shapes::Time;

/// Texts of one read.
const PAGE: u16 = 100;

/// What a person wants.
#[derive(Serialize)]
struct ConsentView {
    /// Whether they want texts; those who never said anything have not said that they want none.
    texts: bool,
    /// Since when they want none.
    stopped_at: Option<Time>,
}

parts! {
    pub(crate) struct TextsOfPerson {
        clock: Clock,
        reader: Reader,
        key: TokenKey,
    }
}

impl OfPerson for TextsOfPerson {
    const STEPS: &'static [Step] = &[Step::Texts, Step::Wishes];

    async fn give(&self, person: &Person<'_>, bag: &mut Bag) -> Result<(), JobError> {
        let wish = self.wish(person).await?;
        let mut standing = wish;
        for id in &person.trace.threads {
            let Some(thread) = self.reader.thread(person.business, id).await? else { continue };
            standing = standing.and(thread.consent);
            self.thread(&thread, wish, bag).await?;
        }
        let stopped_at = match standing {
            Consent::Stopped(at) => Some(Time(at)),
            Consent::Open => None,
        };
        let consent = ConsentView { texts: stopped_at.is_none(), stopped_at };
        bag.file(Step::Wishes, "consent.json".to_owned(), 1, &consent).await
    }
}

impl TextsOfPerson {
    /// What the person said, or what they wanted who were erased and have said nothing since.
    async fn wish(&self, person: &Person<'_>) -> Result<Consent, JobError> {
        if let Some(said) = self.reader.wish_of(person.business, &person.trace.contacts).await? {
            return Ok(said);
        }
        let mut wish = Consent::Open;
        for handle in person.trace.of_texts() {
            let mark = erased(&self.key, person.business, &handle);
            wish = wish.and(self.reader.wish_of_erased(person.business, &mark).await?);
        }
        Ok(wish)
    }

    async fn thread(&self, thread: &Thread, wish: Consent, bag: &mut Bag) -> Result<(), JobError> {
        let (business, id) = (&thread.business, &thread.id);
        let last = self.reader.text(business, id, thread.texts).await?;
        let view = ThreadView::new(thread, last.as_ref(), wish, self.clock.now());
        bag.file(Step::Texts, format!("threads/{id}/thread.json"), 1, &view).await?;
        bag.list(Step::Texts, format!("threads/{id}/texts.json"), "texts").await?;
        let (mut before, mut media) = (None, vec![]);
        loop {
            let page = self.reader.texts(business, id, before, PAGE).await?;
            for kept in &page {
                bag.entry(&TextView::new(kept, vec![])).await?;
                media.extend(came_with(kept));
            }
            before = page.last().map(|last| last.number).filter(|last| *last > 1);
            if before.is_none() {
                break;
            }
        }
        bag.end_list().await?;
        for came in media {
            match came {
                Came { number, place, kept: Some((key, bytes, ending)) } => {
                    let name = format!("threads/{id}/{number}-{place}.{ending}");
                    bag.object(Step::Texts, name, (&key, bytes)).await?;
                }
                Came { kept: None, .. } => bag.leave_out(Step::Texts, LeftOut::NoFile, 1),
            }
        }
        Ok(())
    }
}

/// Something that came with a text.
struct Came {
    number: u64,
    place: usize,
    /// The object's key and length, and how its file's name ends; `None`: it is not kept.
    kept: Option<(String, u64, &'static str)>,
}

fn came_with(kept: &Kept) -> Vec<Came> {
    let Text::In(incoming) = &kept.text else { return vec![] };
    let came = (1..).zip(&incoming.media).map(|(place, media)| {
        let file = |kept: &domain::texts::media::Archived| {
            (kept.key.clone(), kept.bytes, ending(&kept.content_type))
        };
        Came { number: kept.number, place, kept: media.archived.as_ref().map(file) }
    });
    came.collect()
}

/// How the name of a file of this type ends.
fn ending(content_type: &str) -> &'static str {
    match content_type {
        "image/jpeg" => "jpg",
        "image/png" => "png",
        "image/gif" => "gif",
        "image/webp" => "webp",
        "audio/wav" => "wav",
        "audio/ogg" => "ogg",
        "audio/mpeg" => "mp3",
        "audio/aac" => "aac",
        "audio/amr" => "amr",
        "audio/mp4" => "m4a",
        "video/3gpp" => "3gp",
        "video/mp4" => "mp4",
        "video/webm" => "webm",
        "application/pdf" => "pdf",
        "application/zip" => "zip",
        "text/vcard" => "vcf",
        "text/calendar" => "ics",
        _ => "bin",
    }
}
