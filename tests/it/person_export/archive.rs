//! The archive of an export, opened.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

use acceptance::World;
use http::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use zip::ZipArchive;

use crate::contacts::ask;

/// The files of an archive by their names.
pub(crate) struct Archive(pub(crate) BTreeMap<String, Vec<u8>>);

impl Archive {
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let mut zip = ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut files = BTreeMap::new();
        for index in 0..zip.len() {
            let mut file = zip.by_index(index).unwrap();
            let mut body = vec![];
            file.read_to_end(&mut body).unwrap();
            let name = file.name().unwrap().into_owned();
            assert!(files.insert(name.clone(), body).is_none(), "{name} is in it twice");
        }
        Self(files)
    }

    pub(crate) fn json(&self, name: &str) -> Value {
        let file = self.0.get(name).unwrap_or_else(|| panic!("no {name} in {:?}", self.0.keys()));
        serde_json::from_slice(file).unwrap()
    }

    /// The files in which a word stands. A number may be written without its plus sign.
    pub(crate) fn with(&self, word: &str) -> Vec<&str> {
        let word = word.trim_start_matches('+').as_bytes();
        let has = |body: &&Vec<u8>| body.windows(word.len()).any(|part| part == word);
        self.0
            .iter()
            .filter(|(name, body)| has(body) || name.as_bytes().windows(word.len()).any(|part| part == word))
            .map(|(name, _)| name.as_str())
            .collect()
    }

    /// What the manifest says of each file is so, and it names all of them.
    pub(crate) fn is_as_its_manifest_says(&self) {
        let manifest = self.json("manifest.json");
        let mut named: Vec<&str> = vec!["README.txt", "manifest.json"];
        for file in manifest["files"].as_array().unwrap() {
            let name = file["name"].as_str().unwrap();
            let body = &self.0[name];
            assert_eq!(file["bytes"], body.len(), "{name}");
            assert_eq!(file["sha256"], hex::encode(Sha256::digest(body)), "{name}");
            named.push(name);
        }
        named.sort_unstable();
        assert_eq!(named, self.0.keys().map(String::as_str).collect::<Vec<_>>());
    }
}

pub(crate) async fn asks_to_export(world: &World, contact: &str, key: &str) -> (u16, Value) {
    let path = format!("/v1/contacts/{contact}/export");
    ask(world, Method::POST, &path, ("idempotency-key", key), &json!(null)).await
}

/// An export once it is in this state.
pub(crate) async fn export_when(world: &World, export: &Value, state: &str) -> Value {
    let contact = export["contact"].as_str().unwrap();
    let path = format!("/v1/contacts/{contact}/export/{}", export["id"].as_str().unwrap());
    world
        .until(|| async {
            let (_, export) = world.get(&path).await;
            (export["state"] == state).then_some(export)
        })
        .await
}

pub(crate) fn part<'a>(export: &'a Value, name: &str) -> &'a Value {
    let parts = export["parts"].as_array().unwrap();
    parts.iter().find(|part| part["part"] == name).unwrap_or_else(|| panic!("{name}: {export:#}"))
}

/// The archives in the bucket.
pub(crate) async fn archives(world: &World) -> Vec<(String, Vec<u8>)> {
    let files = world.objects("FilesBucket").await;
    files.into_iter().filter(|(key, _)| key.ends_with(".zip")).collect()
}
