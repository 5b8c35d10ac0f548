//! The files of the base branch, asked for together with the look: what a run without a checkout reads first.
//!
//! GitHub sends folders and texts as they are nested. Nothing here is trusted: the code that stores it compares each
//! folder and each file with its ID. What is missing, cut or too deep is asked for separately when it is needed.

use serde_json::Value;

use super::object_query::{FoundTree, entries};
use super::query_builder::QueryBuilder;
use crate::model::ids::BlobId;

/// Folders inside of folders, counted from the top, whose entries are asked for.
const DEPTH: usize = 6;

/// Folders and texts of the base branch, none of them compared with its ID.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilesOfBase {
    /// Folders.
    pub folders: Vec<FoundTree>,
    /// Texts.
    pub texts: Vec<(BlobId, Vec<u8>)>,
}

/// Asks for the files of the default branch, under `files`.
pub(super) fn files_part() -> QueryBuilder {
    let mut part = QueryBuilder::default();
    let mut inside = "oid".to_owned();
    for _ in 0..DEPTH {
        inside = format!(
            "oid entries {{ nameRaw mode oid object {{ ... on Blob {{ text }} ... on Tree {{ {inside} }} }} }}"
        );
    }
    part.field(&format!(
        "files: defaultBranchRef {{ target {{ ... on Commit {{ tree {{ {inside} }} }} }} }}"
    ));
    part
}

/// What the repository's answer to [`files_part`] holds.
pub(super) fn files_told(repository: &Value) -> FilesOfBase {
    let mut found = FilesOfBase::default();
    let mut open = vec![&repository["files"]["target"]["tree"]];
    while let Some(folder) = open.pop() {
        let id = folder["oid"].as_str().and_then(|id| id.parse().ok());
        let (Some(id), Ok(listed)) = (id, entries(folder)) else {
            continue;
        };
        found.folders.push((id, listed));
        for entry in folder["entries"].as_array().into_iter().flatten() {
            let object = &entry["object"];
            let id = entry["oid"].as_str().and_then(|id| id.parse().ok());
            match (object["text"].as_str(), id) {
                (Some(text), Some(id)) => found.texts.push((id, text.as_bytes().to_vec())),
                _ => open.push(object),
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn folders_and_texts_are_found_at_every_depth_and_what_is_odd_is_left_out() {
        let id = |digit: char| digit.to_string().repeat(40);
        let entry = |name: &str, mode: u32, digit: char, object: Value| json!({ "nameRaw": name, "mode": mode, "oid": id(digit), "object": object });
        let repository = json!({ "files": { "target": { "tree": { "oid": id('1'), "entries": [
            entry("YQ==", 0o100_644, '2', json!({ "text": "a" })),
            entry("Yg==", 0o100_644, '3', json!({ "text": null })),
            entry("c3Vi", 0o160_000, '4', Value::Null),
            entry("ZA==", 0o040_000, '5', json!({ "oid": id('5'), "entries": [
                entry("ZQ==", 0o100_755, '6', json!({ "text": "e" })),
                entry("Zg==", 0o040_000, '7', json!({})),
                entry("Zw==", 0o040_000, '8', json!({ "oid": id('8'), "entries": [{ "nameRaw": "!", "mode": 1, "oid": "x" }] })),
            ] })),
        ] } } } });
        let found = files_told(&repository);
        let folders: Vec<String> = found.folders.iter().map(|(id, _)| id.to_string()).collect();
        assert_eq!(folders, [id('1'), id('5')]);
        let texts: Vec<(String, &[u8])> = found
            .texts
            .iter()
            .map(|(id, text)| (id.to_string(), text.as_slice()))
            .collect();
        assert_eq!(texts, [(id('2'), &b"a"[..]), (id('6'), &b"e"[..])]);
        for odd in [
            json!({}),
            json!({ "files": null }),
            json!({ "files": { "target": { "tree": 3 } } }),
        ] {
            assert_eq!(files_told(&odd), FilesOfBase::default());
        }
    }
}
