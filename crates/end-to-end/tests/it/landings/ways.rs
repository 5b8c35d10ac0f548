//! Every way in which a promotion lands, with the code in another repository: what `history` says of each is what happened, and
//! what is planted beside them is found.

use std::path::PathBuf;

use serde_json::{Value, json};
use sluice::error::Exit;
use tempfile::TempDir;

use super::landed::{Asked, Landed, agree};
use super::{APP, open, two_repositories};
use end_to_end::clone::clone_of;
use end_to_end::site::Site;
use github_stand_in::Rule;
use test_support::git::git;
use test_support::run;
use test_support::{deviations, history};

const TARGET: &str = "prod/api.yaml";
const PIPELINE: &str = "pipelines/api.yaml";

/// Commits to what dev follows; gives the commit.
fn release(site: &Site, version: usize) -> String {
    let text = format!("version: 0.{version}.0\n");
    site.hub
        .repo(APP)
        .by("carol")
        .pushes("main", &[("charts/api/Chart.yaml", &text)], "Release")
}

/// The pull request that a run opens, with what it says of it.
async fn put_up(site: &Site) -> (u64, Value) {
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    let row = run.json["promotions"][0].clone();
    assert_eq!(row["state"], "opened", "{}", run.text);
    let number = open(site);
    assert_eq!(row["pull"], number);
    (number, row)
}

async fn landed(site: &Site) -> Value {
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    let row = run.json["promotions"][0].clone();
    assert_eq!(row["state"], "landed", "{}", run.text);
    assert_eq!(row["commit"].as_str(), site.repo().tip("main").as_deref());
    row
}

/// Lands in ten ways. Oldest first.
async fn lands_in_every_way(site: &mut Site) -> Vec<Landed> {
    let mut known = Vec::new();

    // A squash, let through by a review; by a label; by a review and a label of two people.
    let approve: [&[&str]; 3] = [&["review"], &["label"], &["review", "label"]];
    for (version, ways) in approve.into_iter().enumerate() {
        release(site, version);
        let (number, _) = put_up(site).await;
        for way in ways {
            match *way {
                "review" => {
                    site.repo().by("carol").approves(number);
                }
                _ => site
                    .repo()
                    .by("dave")
                    .labels(number, "approve/prod/release"),
            }
        }
        known.push(Landed::by_sluice(
            number,
            &landed(site).await,
            Asked::nobody(),
        ));
    }

    // Asked for by carol, approved by dave.
    release(site, 4);
    let manual = "stages: { prod: { trigger: manual } }\n";
    site.policy(manual);
    site.adds_workflow();
    let promote = [
        "promote",
        "--pipeline=api",
        "--to=prod",
        "--reason=cut-over of INC-4711",
    ];
    site.asks("carol", &promote).await;
    let number = open(site);
    site.repo().by("dave").approves(number);
    known.push(Landed::by_sluice(
        number,
        &landed(site).await,
        Asked::by("carol", "cut-over of INC-4711"),
    ));

    // A merge commit, and an exact one.
    for (version, text) in [(5, "merge: merge\n"), (6, "land: exact\n")] {
        release(site, version);
        site.policy(text);
        let (number, _) = put_up(site).await;
        site.repo().by("dave").approves(number);
        known.push(Landed::by_sluice(
            number,
            &landed(site).await,
            Asked::nobody(),
        ));
        let tip = site.repo().tip("main").unwrap();
        assert_eq!(site.repo().parents(&tip).len(), 2);
    }

    // Merged by a person with the gate open, in both ways.
    for (version, method) in [(7, "squash"), (8, "merge")] {
        release(site, version);
        let (number, row) = put_up(site).await;
        site.repo().by("carol").merges(number, method);
        known.push(Landed::otherwise(number, &row));
        let run = site.run().await;
        let said = format!("prod #{number}: carol merged it, not Sluice");
        let lines = run.lines();
        assert!(lines.iter().any(|text| text.contains(&said)), "{lines:?}");
    }

    // Straight onto the base.
    release(site, 9);
    let gated = site.repo().file("main", PIPELINE).unwrap();
    let free = gated.replace(", gates: [{ name: release, type: APPROVAL }]", "");
    assert_ne!(gated, free);
    site.repo().files("main", &[(PIPELINE, &free)]);
    let direct = "{ delivery: commit, trigger: auto }";
    site.policy(&format!(
        "pipelines: {{ api: {{ stages: {{ prod: {direct} }} }} }}\n"
    ));
    known.push(Landed::directly(&landed(site).await));

    // Through the merge queue.
    release(site, 10);
    site.repo().files("main", &[(PIPELINE, &gated)]);
    site.policy("");
    site.repo().rule(Rule {
        branch: "main".to_owned(),
        queue: true,
        ..Rule::default()
    });
    let (number, row) = put_up(site).await;
    site.repo().by("carol").approves(number);
    let queued = site.run().await;
    assert_eq!(site.repo().queue().len(), 1, "{}", queued.text);
    site.repo().land_queue();
    known.push(Landed::otherwise(number, &row));
    site.repo().edit(|repo| repo.rules.clear());
    site.run().await;
    known
}

/// A clone of this many commits of a clone, made by git itself.
fn cut(from: &TempDir, depth: usize) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let depth = format!("--depth={depth}");
    let from = format!("file://{}", from.path().display());
    git(
        dir.path(),
        &["clone", "-q", "--no-local", &depth, &from, "clone"],
    );
    let path = dir.path().join("clone");
    (dir, path)
}

/// A commit that a person makes through the API on these parents, with this text of the target; `main` moves to it.
fn commits(site: &Site, parents: &[String], text: &str, message: &str) -> String {
    let repo = site.repo();
    let dave = repo.by("dave");
    let sha = |made: Value| made["sha"].as_str().unwrap().to_owned();
    let entry = json!({ "path": TARGET, "mode": "100644", "type": "blob", "content": text });
    let tree = json!({ "base_tree": parents[0], "tree": [entry] });
    let tree = sha(dave.does("POST", "/git/trees", tree));
    let commit = json!({ "message": message, "tree": tree, "parents": parents });
    let commit = sha(dave.does("POST", "/git/commits", commit));
    dave.does("PATCH", "/git/refs/heads/main", json!({ "sha": commit }));
    commit
}

#[tokio::test]
async fn every_landing_is_told_as_it_happened_and_what_is_planted_is_found() {
    let mut site = two_repositories().await;
    let known = lands_in_every_way(&mut site).await;
    let clone = clone_of(&site);
    let document = agree(&site, &clone, &known);
    assert_eq!(known.len(), 10);
    assert_eq!(document["boundary"], Value::Null);
    let verified = history(clone.path(), &["--verify"]).exits(0).json();
    assert_eq!(verified["verified"]["clean"], true);
    assert_eq!(verified["verified"]["landings"], 10);

    // A clone that is cut says where, shows what it has, and is never clean.
    let (_dir, path) = cut(&clone, 3);
    let document = history(&path, &["--verify"]).exits(1).json();
    assert_eq!(document["verified"]["clean"], false);
    assert!(document["boundary"].is_string(), "{document:#}");
    run(&path, &["history", "--verify"])
        .exits(1)
        .says(&["History ends at the clone's boundary", "fetch-depth: 0"]);

    // A squash of a promotion's true words, that touches a byte more than its plan.
    let repo = site.repo();
    let file = || repo.file("main", TARGET).unwrap();
    let newest = release(&site, 11);
    let (number, _) = put_up(&site).await;
    let (tip, head) = (repo.tip("main").unwrap(), repo.head(number));
    let theirs = repo.file(&head, TARGET).unwrap();
    let more = theirs.replace("# api in prod", "# api in production");
    assert_ne!(theirs, more);
    let squash = commits(&site, &[tip], &more, &repo.message(&head));
    let mut planted = vec![format!("more-than-its-plan {}:", &squash[..7])];
    let found = |site: &Site| {
        let clone = clone_of(site);
        let document = history(clone.path(), &["--verify"]).exits(3).json();
        assert_eq!(document["verified"]["clean"], false);
        let found = &document["verified"]["deviations"];
        (deviations(&document), found[0].clone())
    };
    assert_eq!(found(&site).0, planted);

    // A hand edit.
    let app = site.hub.repo(APP);
    let older = app.parents(&newest)[0].clone();
    let line = file()
        .lines()
        .find(|line| line.contains("ref: "))
        .unwrap()
        .to_owned();
    let back = file().replace(&line, &format!("    ref: {older}"));
    let hotfix = repo.by("dave").pushes("main", &[(TARGET, &back)], "Back");
    let what = |old: &str, new: &str| format!("api-prod spec.git.ref: {old} → {new}");
    planted.insert(
        0,
        format!("drift {}: {}", &hotfix[..7], what(&newest, &older)),
    );
    let (all, first) = found(&site);
    assert_eq!(all, planted);
    assert_eq!(first["author"], "dave");
    assert_eq!(first["changes"][0]["file"], TARGET);

    // The record of a true landing over another change.
    let record = repo.message(&known[0].commit(&site));
    let eldest = app.parents(&older)[0].clone();
    let text = file().replace(&older, &eldest);
    let forged = repo.by("carol").pushes("main", &[(TARGET, &text)], &record);
    planted.insert(
        0,
        format!("false-record {}: {}", &forged[..7], what(&older, &eldest)),
    );
    let (all, first) = found(&site);
    assert_eq!(all, planted);
    assert_eq!(first["author"], "carol");
    assert_eq!(first["claim"]["pipeline"], "api");

    // A merge of a promotion's true head that has different content than the head.
    let tip = repo.tip("main").unwrap();
    let text = file().replace(&eldest, &older);
    let subject = format!("Merge pull request #{number} from acme/x");
    let other = commits(&site, &[tip, head], &text, &subject);
    assert_eq!(repo.state(number), "MERGED");
    planted.insert(
        0,
        format!("drift {}: {}", &other[..7], what(&eldest, &older)),
    );
    let (all, first) = found(&site);
    assert_eq!(all, planted);
    assert_eq!(first["pull"], number);
    let why = first["why"].as_str().unwrap();
    assert!(why.contains("merges a promotion's head"), "{why}");

    // All of it is shown to people too, each with its commit.
    let clone = clone_of(&site);
    let text = run(clone.path(), &["history", "--verify"]).exits(3).out;
    for commit in [&hotfix, &forged, &other, &squash] {
        assert!(text.contains(&commit[..7]), "{commit} is not in\n{text}");
    }
    assert!(text.contains("Not clean: "), "{text}");
}
