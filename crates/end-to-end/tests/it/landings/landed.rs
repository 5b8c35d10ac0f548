//! What `history` says of each landing, held against what the stand-in GitHub recorded of it.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use end_to_end::site::{REPO, Site};
use github_stand_in::Kind;
use test_support::history;

/// Who asked for a promotion, and why.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    by: Option<&'static str>,
    reason: Option<&'static str>,
}

impl Asked {
    pub(super) fn nobody() -> Self {
        Self {
            by: None,
            reason: None,
        }
    }

    pub(super) fn by(person: &'static str, reason: &'static str) -> Self {
        Self {
            by: Some(person),
            reason: Some(reason),
        }
    }
}

/// By whose deed a landing came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// Sluice merged its pull request, and recorded what its gates said.
    Sluice,
    /// A person, or the merge queue.
    Other,
}

/// A landing as the test saw it happen.
#[derive(Clone, Debug)]
pub(super) struct Landed {
    /// `None`: straight onto the base.
    pull: Option<u64>,
    /// What Sluice said when it opened or landed it.
    said: Value,
    asked: Asked,
    how: How,
    /// The landing to which it took its stage back.
    back_to: Option<String>,
    /// The commit, if no pull request has it.
    commit: Option<String>,
}

impl Landed {
    pub(super) fn by_sluice(pull: u64, said: &Value, asked: Asked) -> Self {
        Self {
            pull: Some(pull),
            said: said.clone(),
            asked,
            how: How::Sluice,
            back_to: None,
            commit: None,
        }
    }

    pub(super) fn asked_by(self, asked: Asked) -> Self {
        Self { asked, ..self }
    }

    pub(super) fn going_back_to(self, landing: String) -> Self {
        Self {
            back_to: Some(landing),
            ..self
        }
    }

    pub(super) fn otherwise(pull: u64, said: &Value) -> Self {
        Self {
            how: How::Other,
            ..Self::by_sluice(pull, said, Asked::nobody())
        }
    }

    pub(super) fn directly(said: &Value) -> Self {
        Self {
            pull: None,
            commit: said["commit"].as_str().map(str::to_owned),
            ..Self::by_sluice(0, said, Asked::nobody())
        }
    }
}

impl Landed {
    /// Its commit.
    pub(super) fn commit(&self, site: &Site) -> String {
        match self.pull {
            Some(number) => merged(site, number).0,
            None => self.commit.clone().unwrap(),
        }
    }
}

/// The one line of a commit's message that begins with this word.
fn line<'m>(message: &'m str, word: &str) -> Option<&'m str> {
    let mut lines = message.lines().filter_map(|line| line.strip_prefix(word));
    let first = lines.next();
    assert_eq!(lines.next(), None, "{word} twice in {message}");
    first
}

/// What a pull request came to, by the stand-in's own record: the commit, and when it was made.
fn merged(site: &Site, number: u64) -> (String, String) {
    assert_eq!(site.repo().state(number), "MERGED");
    let pull = site.repo().pull(number);
    let commit = pull["merge_commit_sha"].as_str().unwrap().to_owned();
    let found = site
        .repo()
        .by("carol")
        .does("GET", &format!("/git/commits/{commit}"), Value::Null);
    let at = found["committer"]["date"].as_str().unwrap().to_owned();
    (commit, at)
}

/// Holds every row of `sluice history` on a clone against the record, newest first; there are no others.
#[track_caller]
pub(super) fn agree(site: &Site, clone: &TempDir, landed: &[Landed]) -> Value {
    agree_at(site, clone.path(), landed)
}

#[track_caller]
fn agree_at(site: &Site, clone: &Path, landed: &[Landed]) -> Value {
    let document = history(clone, &[]).exits(0).json();
    assert_eq!(document["tip"].as_str(), site.repo().tip("main").as_deref());
    let rows = document["landings"].as_array().unwrap();
    assert_eq!(rows.len(), landed.len(), "{document:#}");
    for (row, landed) in rows.iter().rev().zip(landed) {
        agrees(site, row, landed);
    }
    document
}

#[track_caller]
fn agrees(site: &Site, row: &Value, landed: &Landed) {
    let repo = site.repo();
    let commit = landed.commit(site);
    if let Some(number) = landed.pull {
        assert_eq!(row["date"], merged(site, number).1, "{row:#}");
    }
    assert_eq!(row["commit"], commit, "{row:#}");
    let parents = repo.parents(&commit);
    assert_eq!(row["merge"], parents.len() == 2, "{row:#}");
    // The head of a pull request is what was approved; without one the commit is its own record.
    let record = landed.pull.map_or_else(
        || repo.message(&commit),
        |number| repo.message(&repo.head(number)),
    );
    let said = |word: &str| line(&record, word).map(str::to_owned);
    assert_eq!(
        said("Sluice-Plan: "),
        row["plan"].as_str().map(str::to_owned)
    );
    assert_eq!(row["plan"], landed.said["plan"], "{row:#}");
    let pipeline = format!(
        "{}/{}",
        row["namespace"].as_str().unwrap(),
        row["pipeline"].as_str().unwrap()
    );
    assert_eq!(landed.said["pipeline"], pipeline, "{row:#}");
    assert_eq!(said("Sluice-Pipeline: "), Some(pipeline));
    assert_eq!(row["stage"], landed.said["to"], "{row:#}");
    let edges: Vec<Value> = landed.said["from"]
        .as_array()
        .unwrap()
        .iter()
        .map(|from| json!({ "from": from, "to": landed.said["to"] }))
        .collect();
    assert_eq!(row["edges"], json!(edges), "{row:#}");
    assert_eq!(
        (&row["repository"], &row["base"]),
        (&json!(REPO), &json!("main"))
    );

    // What moved: what the files say at the commit and before it.
    for change in row["changes"].as_array().unwrap() {
        let file = change["file"].as_str().unwrap();
        let (before, after) = (repo.file(&parents[0], file), repo.file(&commit, file));
        assert_eq!(change["path"], "spec.git.ref");
        for (text, value) in [(before, &change["old"]), (after, &change["new"])] {
            let wanted = format!("ref: {}", value.as_str().unwrap());
            let text = text.unwrap();
            let mut found = text
                .lines()
                .map(str::trim)
                .filter(|line| *line == wanted || line.starts_with(&format!("{wanted} #")));
            assert!(found.next().is_some(), "{wanted} is not in\n{text}");
        }
    }
    assert_eq!(row["changes"].as_array().unwrap().len(), 1, "{row:#}");

    // Who asked, and who let it through.
    let asked = landed.asked.by.map(|who| site.hub.account(who, Kind::User));
    assert_eq!(row["requested_by"], json!(asked), "{row:#}");
    assert_eq!(row["reason"], json!(landed.asked.reason), "{row:#}");
    assert_eq!(row["emergency"], Value::Null, "{row:#}");
    assert_eq!(row["rollback"], json!(landed.back_to), "{row:#}");
    let gates = row["gates"].as_array().unwrap();
    assert_eq!(row["pull"], json!(landed.pull), "{row:#}");
    let Some(number) = landed.pull else {
        assert_eq!(gates.len(), 0, "{row:#}");
        return;
    };
    match landed.how {
        How::Other => assert_eq!(gates.len(), 0, "{row:#}"),
        How::Sluice => {
            let head = repo.head(number);
            let reviews = repo.reviews(number).into_iter();
            let mut people: Vec<String> = reviews
                .filter(|(_, state, on)| state == "APPROVED" && *on == head)
                .map(|(who, ..)| format!("{who} (review)"))
                .collect();
            if repo
                .labels(number)
                .contains(&"approve/prod/release".to_owned())
            {
                let events = repo.events(number).into_iter();
                people.extend(events.filter_map(|event| {
                    let who = event
                        .strip_prefix("labeled ")?
                        .split_once(' ')?
                        .0
                        .to_owned();
                    Some(format!("{who} (label)"))
                }));
            }
            assert!(!people.is_empty());
            let evidence = format!("approved by {}", people.join(", "));
            assert_eq!(
                gates[..],
                [json!({ "name": "release", "outcome": "pass", "evidence": evidence })],
                "{row:#}"
            );
        }
    }
}
