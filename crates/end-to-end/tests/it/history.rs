//! What landed on the stand-in GitHub, in every way in which it can, read from a clone afterwards.

use serde_json::{Value, json};
use sluice::error::Exit;

use end_to_end::clone::clone_of;
use end_to_end::site::{Report, Site, WORKFLOW};
use github_stand_in::Kind;
use test_support::{commits, deviations, history};

/// What the stand-in knows of a landing.
struct Known {
    commit: String,
    plan: Value,
    merge: bool,
    pull: Value,
    /// Who is named in the gate's evidence; `None` if nothing is recorded.
    passed_by: Option<&'static str>,
}

impl Known {
    fn of(site: &Site, report: &Report, passed_by: Option<&'static str>) -> Self {
        assert_eq!(report.exit, Exit::Done, "{}", report.text);
        // What a person merged before this run is reported in it, too.
        let mut rows = report.json["promotions"].as_array().unwrap().iter();
        let row = rows.find(|row| row["state"] == "landed");
        let row = row.unwrap_or_else(|| panic!("{}", report.text));
        let commit = site.repo().tip("main").unwrap();
        assert_eq!(row["commit"], commit);
        Self {
            merge: site.repo().parents(&commit).len() == 2,
            plan: row["plan"].clone(),
            pull: row["pull"].clone(),
            passed_by,
            commit,
        }
    }
}

const POLICY: &str = ".github/sluice.yaml";

/// Lets the source move by one patch release.
fn release(site: &Site, patch: usize) {
    let repo = site.repo();
    let file = repo.file("main", "upgrade.yaml").unwrap();
    let (start, rest) = file.split_once("version: v1.29.").unwrap();
    let (_, rest) = rest.split_once("   #").unwrap();
    let new = format!("{start}version: v1.29.{patch}   #{rest}");
    repo.files("main", &[("upgrade.yaml", &new)]);
}

/// The number of the one pull request that is open.
fn open(site: &Site) -> u64 {
    let open = site.repo().pulls(true);
    assert_eq!(open.len(), 1, "{open:?}");
    open[0]
}

/// Lands seven times, each in another way. Oldest first.
async fn lands_in_every_way(site: &mut Site) -> Vec<Known> {
    let mut known = Vec::new();
    let label = "approve/prod/approval-gate";

    // A review, and a squash.
    site.run().await;
    site.repo().by("carol").approves(open(site));
    known.push(Known::of(site, &site.run().await, Some("carol")));

    // A label.
    release(site, 2);
    site.run().await;
    site.repo().by("dave").labels(open(site), label);
    known.push(Known::of(site, &site.run().await, Some("dave")));

    // A dispatch that approves the plan.
    release(site, 3);
    let policy = "version: 1\ngates: { approval-gate: { ways: [dispatch] } }\n";
    site.repo().files("main", &[(POLICY, policy), WORKFLOW]);
    let opened = site.run().await;
    let plan = opened.json["promotions"][0]["plan"]
        .as_str()
        .unwrap()
        .to_owned();
    site.is_dispatched_by("carol");
    let arguments = [
        "promote",
        "--pipeline=k3s-upgrade",
        "--to=prod",
        "--approve",
        "--plan",
    ];
    let landed = site
        .call(&[&arguments[..], &[plan.as_str()]].concat())
        .await;
    known.push(Known::of(site, &landed, Some("carol")));

    // Asked for by a dispatch, approved by someone else.
    release(site, 4);
    let policy = "version: 1\nstages: { prod: { trigger: manual } }\n";
    site.repo().files("main", &[(POLICY, policy)]);
    let arguments = [
        "promote",
        "--pipeline=k3s-upgrade",
        "--to=prod",
        "--reason",
        "cut-over of INC-4711",
    ];
    site.asks("carol", &arguments).await;
    site.repo().by("dave").approves(open(site));
    known.push(Known::of(site, &site.run().await, Some("dave")));

    // A merge commit, an exact one, and one that a person merged with the gate open.
    for (patch, policy) in [
        (5, "version: 1\nmerge: merge\n"),
        (6, "version: 1\nland: exact\n"),
    ] {
        release(site, patch);
        site.repo().files("main", &[(POLICY, policy)]);
        site.run().await;
        site.repo().by("carol").approves(open(site));
        known.push(Known::of(site, &site.run().await, Some("carol")));
    }
    release(site, 7);
    let opened = site.run().await;
    let number = open(site);
    let commit = site.repo().by("carol").merges(number, "squash");
    known.push(Known {
        commit,
        plan: opened.json["promotions"][0]["plan"].clone(),
        merge: false,
        pull: json!(number),
        passed_by: None,
    });

    // Straight onto the base.
    release(site, 8);
    let file = site.repo().file("main", "upgrade.yaml").unwrap();
    let gates = file.find("      gates:").unwrap();
    let policy = "version: 1\nstages: { prod: { delivery: commit, trigger: auto } }\n";
    site.repo().files(
        "main",
        &[(POLICY, policy), ("upgrade.yaml", &file[..gates])],
    );
    known.push(Known::of(site, &site.run().await, None));
    known
}

#[tokio::test]
async fn every_way_of_landing_is_read_from_a_clone_as_it_happened_and_verifies() {
    let mut site = Site::of("k3s-upgrade-version").await;
    let known = lands_in_every_way(&mut site).await;
    let clone = clone_of(&site);
    let document = history(clone.path(), &["--verify"]).exits(0).json();
    assert_eq!(document["verified"]["clean"], true);
    let wanted: Vec<String> = known.iter().rev().map(|one| one.commit.clone()).collect();
    assert_eq!(commits(&document), wanted);
    let rows = document["landings"].as_array().unwrap();
    let carol = site.hub.account("carol", Kind::User);
    for (at, (row, one)) in rows.iter().rev().zip(&known).enumerate() {
        assert_eq!(row["plan"], one.plan, "{row:#}");
        assert_eq!(row["merge"], one.merge, "{row:#}");
        assert_eq!(row["pull"], one.pull, "{row:#}");
        assert_eq!(
            (
                &row["namespace"],
                &row["pipeline"],
                &row["stage"],
                &row["repository"],
                &row["base"]
            ),
            (
                &json!("infra"),
                &json!("k3s-upgrade"),
                &json!("prod"),
                &json!("acme/gitops"),
                &json!("main")
            )
        );
        let version = |patch: usize| match patch {
            0 => "v1.28.4".to_owned(),
            patch => format!("v1.29.{patch}"),
        };
        let change = &row["changes"][0];
        assert_eq!(row["changes"].as_array().unwrap().len(), 1);
        assert_eq!(change["path"], "spec.configuration.version");
        assert_eq!(
            (&change["old"], &change["new"]),
            (&json!(version(at)), &json!(version(at + 1)))
        );
        let message = site.repo().message(&one.commit);
        match one.passed_by {
            Some(person) => {
                let gate = &row["gates"][0];
                assert_eq!(
                    (&gate["name"], &gate["outcome"]),
                    (&json!("approval-gate"), &json!("pass"))
                );
                let evidence = gate["evidence"].as_str().unwrap();
                assert!(evidence.contains(person), "{evidence}");
                assert!(
                    message.contains("Sluice-Gate: approval-gate pass: "),
                    "{message}"
                );
            }
            None => assert_eq!(row["gates"], json!([]), "{message}"),
        }
        let asked = match at {
            3 => (json!(carol), json!("cut-over of INC-4711")),
            _ => (Value::Null, Value::Null),
        };
        assert_eq!(
            (&row["requested_by"], &row["reason"]),
            (&asked.0, &asked.1),
            "{message}"
        );
    }
    assert_eq!(rows.iter().filter(|row| row["merge"] == true).count(), 2);
    assert_eq!(rows.len(), 8);
    let text = test_support::run(clone.path(), &["history"]).exits(0).out;
    assert!(
        text.lines().skip(1).all(|line| line.chars().count() <= 100),
        "{text}"
    );

    // A hand edit on top is found, and nothing else.
    let file = site.repo().file("main", "upgrade.yaml").unwrap();
    let edited = file.replace("'v1.29.8'", "'v1.29.9'");
    assert_ne!(file, edited);
    let hotfix = site
        .repo()
        .by("dave")
        .pushes("main", &[("upgrade.yaml", &edited)], "Hotfix\n");
    let clone = clone_of(&site);
    let document = history(clone.path(), &["--verify"]).exits(3).json();
    assert_eq!(
        deviations(&document),
        [format!(
            "drift {}: upgrade-plan-prod spec.configuration.version: v1.29.8 → v1.29.9",
            &hotfix[..7]
        )]
    );
    assert_eq!(document["verified"]["deviations"][0]["author"], "dave");
    assert_eq!(commits(&document), wanted);
    assert_eq!(document["verified"]["landings"], 8);
}

#[tokio::test]
async fn a_landing_through_a_merge_queue_is_read_with_its_pull_request_and_without_evidence() {
    use github_stand_in::Rule;
    let site = Site::of("k3s-upgrade-version").await;
    let repo = site.repo();
    repo.rule(Rule {
        branch: "main".to_owned(),
        queue: true,
        ..Rule::default()
    });
    site.run().await;
    let number = open(&site);
    repo.by("carol").approves(number);
    let run = site.run().await;
    assert!(run.text.contains("merge queue"), "{}", run.text);
    let landed = repo.land_queue();
    let clone = clone_of(&site);
    let document = history(clone.path(), &["--verify"]).exits(0).json();
    assert_eq!(commits(&document), [landed]);
    let row = &document["landings"][0];
    assert_eq!(
        (&row["pull"], &row["merge"]),
        (&json!(number), &json!(true))
    );
    assert_eq!(row["gates"], json!([]));
}
