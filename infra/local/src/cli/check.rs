//! `switchboard check`: what is wrong with a business's rows, before they are stored.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::Value;
use stores::businesses::document;

use super::say;

#[derive(Debug, Args)]
pub(super) struct Check {
    /// Rows of the Businesses table, as `aws dynamodb scan --output json` prints them
    file: PathBuf,
}

pub(super) fn run(args: &Check) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(&args.file)
        .with_context(|| format!("cannot read {}", args.file.display()))?;
    let rows: Value =
        serde_json::from_str(&text).with_context(|| format!("{} is not JSON", args.file.display()))?;
    let (documents, faults) = checked(&rows)?;
    for fault in &faults {
        say(fault)?;
    }
    match faults.len() {
        0 => Ok(say(format_args!("{documents} documents, all of them understood"))?),
        count => bail!("{count} of {documents} documents must not be stored"),
    }
}

/// How many profiles and settings there are, and what is wrong with them, each with the name of its row.
fn checked(rows: &Value) -> anyhow::Result<(usize, Vec<String>)> {
    let items = rows["Items"].as_array().context("there are no `Items`: export the rows with `scan`")?;
    let (mut documents, mut faults) = (0, vec![]);
    for item in items {
        let text = |name: &str| item[name]["S"].as_str().unwrap_or_default();
        let (pk, sk, body) = (text("pk"), text("sk"), text("body"));
        let checked = match sk {
            "profile" => document::profile(body).map(drop).map_err(anyhow::Error::from),
            sk if sk.starts_with("settings#") => settings(sk, body),
            _ => continue,
        };
        documents += 1;
        if let Err(error) = checked {
            faults.push(format!("{pk} {sk}: {error}"));
        }
    }
    if documents == 0 {
        bail!("there are neither profiles nor settings in it");
    }
    Ok((documents, faults))
}

fn settings(sk: &str, body: &str) -> anyhow::Result<()> {
    let settings = document::settings(body)?;
    settings.tools.check()?;
    let named = format!("settings#{:010}", settings.revision.0);
    if sk != named {
        bail!("`revision` is {}, which is the row `{named}`", settings.revision);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use domain::{PhoneNumber, Secret};
    use local::demo::business;
    use serde_json::json;

    use super::*;

    fn rows(change: impl FnOnce(&mut Value, &mut Value)) -> Value {
        let number = PhoneNumber::parse(business::NUMBER).unwrap();
        let new = business::harbour_bicycles(number, Secret::new("k")).unwrap();
        let mut profile = serde_json::to_value(&new.business).unwrap();
        let mut settings = serde_json::to_value(&new.settings).unwrap();
        change(&mut profile, &mut settings);
        let row = |sk: &str, body: Option<&Value>| {
            let mut row = json!({ "pk": { "S": "business#harbour" }, "sk": { "S": sk } });
            if let Some(body) = body {
                row["body"] = json!({ "S": body.to_string() });
            }
            row
        };
        json!({ "Items": [row("profile", Some(&profile)), row("settings#0000000001", Some(&settings)),
            row("published", None)] })
    }

    /// Rows as our own code writes them are in order; each fault is told with its row, its path and what is meant.
    #[test]
    fn every_fault_is_told_with_its_row_and_its_field() {
        assert_eq!(checked(&rows(|_, _| {})).unwrap(), (2, vec![]));
        let (documents, faults) = checked(&rows(|profile, settings| {
            profile["time_zome"] = "Europe/Dublin".into();
            settings["policies"]["consnet"] = json!({ "say": { "text": "This call is recorded." } });
        }))
        .unwrap();
        assert_eq!((documents, faults.len()), (2, 2), "{faults:?}");
        assert!(
            faults[0].starts_with("business#harbour profile: `time_zome` is not a field"),
            "{}",
            faults[0]
        );
        let told = "business#harbour settings#0000000001: `policies.consnet` is not a field: is `policies.consent` meant?";
        assert_eq!(faults[1], told);
        let (_, faults) = checked(&rows(|_, settings| settings["revision"] = 2.into())).unwrap();
        assert!(faults[0].contains("settings#0000000002"), "{faults:?}");
        let (_, faults) = checked(&rows(|_, settings| {
            let entry = |id: &str| json!({ "id": id, "label": "x", "number": "+12025550101" });
            settings["tools"]["directory"] = json!([entry("a"), entry("a")]);
        }))
        .unwrap();
        assert!(faults[0].contains("`a` is there twice"), "{faults:?}");
        assert!(checked(&json!({ "Items": [] })).is_err() && checked(&json!([])).is_err());
    }
}
