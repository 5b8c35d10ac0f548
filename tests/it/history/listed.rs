//! The list: every shape of landing, and what its record says.

use serde_json::json;

use super::{promote, put_up};
use test_support::git::{TestRepo, git};
use test_support::{
    change, chart, commits, differing, history, message, replace, repo, repo_of, run, web,
};

#[test]
fn a_landing_is_listed_with_everything_that_its_record_says() {
    let repo = differing();
    let landing = promote(&repo, "web", "prod");
    let document = history(repo.path(), &[]).exits(0).json();
    let plan = document["landings"][0]["plan"].clone();
    assert_eq!(plan.as_str().unwrap().len(), 64);
    let build = document["landings"][0]["build"].clone();
    assert_eq!(
        document,
        json!({
            "version": 2, "tip": landing, "branch": "main", "since": null, "commits": 2, "older": 0, "boundary": null,
            "landings": [{
                "commit": landing, "date": "2026-07-01T12:00:00Z", "merge": false, "pull": null,
                "namespace": "apps", "pipeline": "web", "stage": "prod",
                "edges": [{ "from": "dev", "to": "prod" }], "plan": plan, "build": build,
                "repository": "", "base": "main",
                "changes": [{
                    "file": "prod.yaml", "kind": "ServiceDeployment", "namespace": "apps", "name": "web-prod",
                    "path": "spec.helm.version", "old": "1.0.0", "new": "1.1.0", "secret": false,
                }],
                "requested_by": null, "reason": null, "emergency": null, "rollback": null,
                "gates": [{
                    "name": "release", "outcome": "pass",
                    "evidence": "approved by ann (given by hand, unverified)",
                }],
            }],
            "unread": [], "verified": null, "findings": [],
        })
    );
    assert!(message(&repo).contains(&format!("Sluice-Plan: {}\n", plan.as_str().unwrap())));
}

#[test]
fn a_squash_names_its_pull_request_and_says_nothing_of_gates_where_nothing_is_recorded() {
    let repo = differing();
    promote(&repo, "web", "prod");
    let words = put_up(&repo);
    let (_, body) = words.split_once('\n').unwrap();
    let squash = change(
        &repo,
        &format!("Another subject (#7)\n{body}"),
        &[("prod.yaml", &chart("web-prod", "1.1.0"))],
    );
    let document = history(repo.path(), &[]).exits(0).json();
    assert_eq!(commits(&document), [squash.to_string()]);
    let landing = &document["landings"][0];
    assert_eq!(
        (&landing["pull"], &landing["merge"]),
        (&json!(7), &json!(false))
    );
    assert_eq!(landing["gates"], json!([]));
    run(repo.path(), &["history"])
        .exits(0)
        .says(&["#7", "gates: evidence not recorded"]);
}

/// Merges the branch `head` into `main` with this message.
fn merge(repo: &TestRepo, text: &str) -> String {
    let merge = [
        "-c",
        "user.name=T",
        "-c",
        "user.email=t@example.com",
        "merge",
        "-q",
        "--no-ff",
        "-m",
        text,
        "head",
    ];
    git(repo.path(), &merge);
    git(repo.path(), &["rev-parse", "HEAD"]).trim().to_owned()
}

#[test]
fn a_merge_by_hand_carries_its_record_in_the_head_that_it_merged() {
    let repo = differing();
    promote(&repo, "web", "prod");
    put_up(&repo);
    replace(&repo, "dev.yaml", "1.1.0", "1.2.0");
    let merged = merge(
        &repo,
        "Merge pull request #9 from acme/sluice/web/prod\n\nweb",
    );
    let document = history(repo.path(), &["--verify"]).exits(0).json();
    assert_eq!(commits(&document), [merged]);
    let landing = &document["landings"][0];
    assert_eq!(
        (&landing["pull"], &landing["merge"]),
        (&json!(9), &json!(true))
    );
    assert_eq!(landing["gates"], json!([]));
    assert_eq!(document["verified"]["clean"], true);
}

#[test]
fn an_exact_landing_bears_its_own_record_and_what_its_gates_said() {
    let repo = differing();
    promote(&repo, "web", "prod");
    let words = message(&repo);
    put_up(&repo);
    change(&repo, "unrelated", &[("notes.txt", "x\n")]);
    let landing = repo
        .on("main")
        .merging("head")
        .file("prod.yaml", &chart("web-prod", "1.1.0"))
        .message(&words)
        .done();
    repo.check_out("main");
    let document = history(repo.path(), &["--verify"]).exits(0).json();
    assert_eq!(commits(&document), [landing.to_string()]);
    assert_eq!(document["landings"][0]["merge"], true);
    assert_eq!(document["landings"][0]["gates"][0]["name"], "release");
}

#[test]
fn a_landing_of_several_services_shows_what_moved_in_each() {
    let repo = repo_of("three-services");
    promote(&repo, "payments", "prod");
    let document = history(repo.path(), &[]).exits(0).json();
    let changes = document["landings"][0]["changes"].as_array().unwrap();
    let names: Vec<&str> = changes
        .iter()
        .map(|change| change["name"].as_str().unwrap())
        .collect();
    assert!(names.len() >= 2 && names.contains(&"api-prod"), "{names:?}");
}

#[test]
fn words_alone_are_no_landing() {
    let repo = differing();
    let landing = promote(&repo, "web", "prod");
    let words = message(&repo);
    change(&repo, &words, &[("prod.yaml", &chart("web-prod", "1.0.5"))]);
    change(&repo, &words, &[("notes.txt", "nothing promoted\n")]);
    let document = history(repo.path(), &[]).exits(0).json();
    assert_eq!(commits(&document), [landing.to_string()]);
}

#[test]
fn a_landing_of_a_pipeline_that_is_gone_is_still_listed_and_verified() {
    let repo = differing();
    let landing = promote(&repo, "web", "prod");
    repo.on("main")
        .remove("web.yaml")
        .remove("prod.yaml")
        .done();
    repo.check_out("main");
    for more in [&[][..], &["--verify"], &["--pipeline", "apps/web"]] {
        let document = history(repo.path(), more).exits(0).json();
        assert_eq!(commits(&document), [landing.to_string()], "{more:?}");
    }
}

/// Three landings of `web`, and one of `mail`: its commits, oldest first.
fn several() -> (TestRepo, Vec<String>) {
    let mail = web().replace("web", "mail");
    let repo = repo(&[
        ("dev.yaml", &chart("web-dev", "1.1.0")),
        ("prod.yaml", &chart("web-prod", "1.0.0")),
        ("web.yaml", &web()),
        ("mail-dev.yaml", &chart("mail-dev", "3.1.0")),
        ("mail-prod.yaml", &chart("mail-prod", "3.0.0")),
        ("mail.yaml", &mail),
    ]);
    let mut landings = vec![promote(&repo, "web", "prod").to_string()];
    replace(&repo, "dev.yaml", "1.1.0", "1.2.0");
    landings.push(promote(&repo, "web", "prod").to_string());
    landings.push(promote(&repo, "mail", "prod").to_string());
    replace(&repo, "dev.yaml", "1.2.0", "1.3.0");
    landings.push(promote(&repo, "web", "prod").to_string());
    (repo, landings)
}

#[test]
fn the_newest_comes_first_and_the_list_can_be_narrowed() {
    let (repo, all) = several();
    let listed = |more: &[&str]| commits(&history(repo.path(), more).exits(0).json());
    let newest = |at: &[usize]| at.iter().map(|at| all[*at].clone()).collect::<Vec<_>>();
    assert_eq!(listed(&[]), newest(&[3, 2, 1, 0]));
    assert_eq!(listed(&["--limit", "2"]), newest(&[3, 2]));
    assert_eq!(listed(&["--pipeline", "web"]), newest(&[3, 1, 0]));
    assert_eq!(
        listed(&["--pipeline", "apps/mail", "--to", "prod"]),
        newest(&[2])
    );
    assert_eq!(
        listed(&["--pipeline", "web", "--limit", "2"]),
        newest(&[3, 1])
    );
    assert_eq!(listed(&["--to", "dev"]), newest(&[]));
    assert_eq!(listed(&["--since", "2026-07-01"]).len(), 4);
    assert_eq!(listed(&["--since", "2026-07-01T12:00:01Z"]), newest(&[]));
    // The limit applies to the list alone: everything is verified.
    let document = history(repo.path(), &["--verify", "--limit", "1"])
        .exits(0)
        .json();
    assert_eq!(commits(&document), newest(&[3]));
    assert_eq!(document["verified"]["landings"], 4);
    for (wrong, says) in [
        (["--pipeline", "wed"], "did you mean web?"),
        (["--to", "prdo"], "did you mean prod?"),
        (
            ["--pipeline", "infra/web"],
            "there is no pipeline infra/web",
        ),
    ] {
        history(repo.path(), &wrong).exits(64).says(&[says]);
        let with = ["--verify", wrong[0], wrong[1]];
        history(repo.path(), &with).exits(64).says(&[says]);
    }
    history(repo.path(), &["--since", "yesterday"])
        .exits(64)
        .says(&["not a date"]);
    history(repo.path(), &["--limit", "0"]).exits(64);
}

#[test]
fn history_is_that_of_the_commit_that_is_checked_out_whatever_tags_lead_to_it() {
    let repo = differing();
    let first = promote(&repo, "web", "prod");
    repo.light_tag("light", &first);
    repo.annotated_tag("annotated", test_support::git::to_oid(&first));
    replace(&repo, "dev.yaml", "1.1.0", "1.2.0");
    let second = promote(&repo, "web", "prod");
    assert_eq!(
        commits(&history(repo.path(), &[]).json()),
        [second.to_string(), first.to_string()]
    );
    for tag in ["light", "annotated"] {
        git(repo.path(), &["checkout", "-q", tag]);
        let document = history(repo.path(), &["--verify"]).exits(0).json();
        assert_eq!(commits(&document), [first.to_string()], "{tag}");
        assert!(document["branch"].is_null());
    }
}

#[test]
fn a_landing_that_was_recorded_for_another_branch_says_so() {
    let repo = differing();
    let landing = promote(&repo, "web", "prod");
    git(repo.path(), &["switch", "-q", "-c", "release"]);
    assert_eq!(
        commits(&history(repo.path(), &[]).json()),
        [landing.to_string()]
    );
    run(repo.path(), &["history"])
        .exits(0)
        .says(&["recorded for  main"]);
}

#[test]
fn a_landing_that_was_pushed_over_is_gone() {
    let repo = differing();
    let lost = promote(&repo, "web", "prod");
    git(repo.path(), &["branch", "elsewhere"]);
    git(repo.path(), &["reset", "-q", "--hard", "HEAD~1"]);
    replace(&repo, "dev.yaml", "1.1.0", "1.2.0");
    let kept = promote(&repo, "web", "prod");
    let document = history(repo.path(), &["--verify"]).exits(0).json();
    assert_eq!(commits(&document), [kept.to_string()]);
    assert_ne!(lost, kept);
}

#[test]
fn a_landing_under_an_older_policy_proves_itself_by_that() {
    let bare = |name: &str, version: &str| chart(name, version).replace("  namespace: apps\n", "");
    let policy = |namespace: &str| {
        format!("version: 1\nmanifests: {{ namespaces: {{ '**': {namespace} }} }}\n")
    };
    let repo = repo(&[
        ("dev.yaml", &bare("web-dev", "1.1.0")),
        ("prod.yaml", &bare("web-prod", "1.0.0")),
        ("web.yaml", &web()),
        (".github/sluice.yaml", &policy("apps")),
    ]);
    let landing = promote(&repo, "web", "prod");
    change(
        &repo,
        "another namespace",
        &[
            (".github/sluice.yaml", &policy("other")),
            (
                "web.yaml",
                &web().replace("namespace: apps", "namespace: other"),
            ),
        ],
    );
    let document = history(repo.path(), &["--verify"]).exits(0).json();
    assert_eq!(commits(&document), [landing.to_string()]);
    assert_eq!(document["verified"]["fields"], 2);
}

#[test]
fn a_manifest_that_is_executable_lands_like_any_other() {
    let repo = TestRepo::new();
    repo.on("main")
        .file("dev.yaml", &chart("web-dev", "1.1.0"))
        .executable("prod.yaml", &chart("web-prod", "1.0.0"))
        .file("web.yaml", &web())
        .done();
    repo.check_out("main");
    let landing = promote(&repo, "web", "prod");
    let document = history(repo.path(), &["--verify"]).exits(0).json();
    assert_eq!(commits(&document), [landing.to_string()]);
}

#[test]
fn what_is_no_repository_or_has_no_commit_is_refused() {
    let folder = test_support::folder(&[("web.yaml", &web())]);
    history(folder.path(), &[])
        .exits(64)
        .says(&["is not a git repository"]);
    history(TestRepo::new().path(), &["--verify"])
        .exits(64)
        .says(&["no commit yet"]);
}

#[test]
fn a_ref_with_its_name_behind_it_is_listed_by_its_digits() {
    let repo = repo_of("monorepo");
    repo.git()
        .remote("origin", "https://github.com/acme/mono.git")
        .unwrap();
    promote(&repo, "web", "prod");
    let document = history(repo.path(), &["--verify"]).exits(0).json();
    let change = &document["landings"][0]["changes"][0];
    assert_eq!(change["path"], "spec.git.ref");
    let new = change["new"].as_str().unwrap();
    assert!(
        repo.read("gitops/web-prod.yaml")
            .unwrap()
            .contains("# sluice: ")
    );
    run(repo.path(), &["history"]).says(&[&format!("→ {}", &new[..7])]);
}
