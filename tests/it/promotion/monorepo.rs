//! A monorepo: manifests and what they deploy in one repository, dev following `main`.

use test_support::git::TestRepo;
use test_support::{PROMOTE, plan, repo_of, run};

const SIMULATE: [&str; 5] = ["simulate", "--approve", "ann", "--format", "json"];

/// The fixture, its remote set, with one commit of history more.
fn monorepo() -> TestRepo {
    let repo = repo_of("monorepo");
    repo.git()
        .remote("origin", "https://github.com/acme/mono.git")
        .unwrap();
    repo
}

fn commit(repo: &TestRepo, path: &str, text: &str) {
    repo.commit("main", &[(path, text)]);
    repo.check_out("main");
}

#[test]
fn a_monorepo_comes_to_rest_in_one_round_whatever_else_is_committed() {
    let repo = monorepo();
    let mut landings = 0;
    for number in 0..50 {
        let deployed = number % 5 == 0;
        let path = match number % 5 {
            0 => "services/web/deployment.yaml",
            1 => "docs/notes.md",
            2 => "services/other/deployment.yaml",
            3 => "gitops/unrelated.yaml",
            _ => "README.md",
        };
        commit(&repo, path, &format!("number: {number}\n"));
        let due = deployed || landings == 0;
        let planned = plan(repo.path());
        assert_eq!(
            planned.state("web", "prod"),
            if due { "due" } else { "in-sync" },
            "{number}"
        );

        let simulated = run(repo.path(), &SIMULATE).exits(0).json();
        assert_eq!(
            simulated["end"]["state"], "in-sync",
            "{number}: {simulated:#}"
        );
        assert_eq!(simulated["rounds"], usize::from(due), "{number}");

        let tip = repo.tip("main").unwrap();
        run(repo.path(), &PROMOTE).exits(0);
        assert_eq!(repo.tip("main").unwrap() != tip, due, "{number}");
        if due {
            landings += 1;
            assert_eq!(
                plan(repo.path()).state("web", "prod"),
                "in-sync",
                "after landing {number}"
            );
        }
    }
    assert_eq!(landings, 10);
}

#[test]
fn the_revision_is_the_newest_commit_that_changed_a_watched_tree_and_not_the_tip() {
    let repo = monorepo();
    commit(&repo, "services/web/deployment.yaml", "a: 1\n");
    let wanted = repo.tip("main").unwrap();
    for number in 0..5 {
        commit(&repo, "docs/notes.md", &format!("{number}\n"));
    }
    let planned = plan(repo.path());
    assert_eq!(
        planned.promotion("web", "prod")["changes"][0]["new"],
        wanted.to_string()
    );
}

#[test]
fn unrelated_commits_leave_the_plan_as_it_is() {
    let repo = monorepo();
    commit(&repo, "services/web/deployment.yaml", "a: 1\n");
    let before = plan(repo.path()).promotion("web", "prod")["plan"].clone();
    assert!(before.is_string());
    commit(&repo, "docs/notes.md", "more\n");
    commit(&repo, "services/other/x.yaml", "more\n");
    assert_eq!(plan(repo.path()).promotion("web", "prod")["plan"], before);
}

#[test]
fn a_merge_counts_by_its_first_parent() {
    let repo = monorepo();
    let start = repo.tip("main").unwrap();
    repo.branch("feature", &start);
    let aside = repo.commit("feature", &[("services/web/deployment.yaml", "a: 1\n")]);
    commit(&repo, "docs/notes.md", "meanwhile\n");
    let merge = repo
        .on("main")
        .merging("feature")
        .file("services/web/deployment.yaml", "a: 1\n")
        .message("merge")
        .done();
    repo.check_out("main");
    let planned = plan(repo.path());
    let taken = &planned.promotion("web", "prod")["changes"][0]["new"];
    assert_eq!(*taken, merge.to_string());
    assert_ne!(*taken, aside.to_string());
}

#[test]
fn a_folder_that_the_policy_watches_counts_too() {
    let repo = monorepo();
    let policy = "version: 1\npipelines: { web: { watch: [charts/common] } }\n";
    commit(&repo, ".github/sluice.yaml", policy);
    run(repo.path(), &PROMOTE).exits(0);
    assert_eq!(plan(repo.path()).state("web", "prod"), "in-sync");
    commit(&repo, "charts/common/values.yaml", "a: 1\n");
    let wanted = repo.tip("main").unwrap();
    let planned = plan(repo.path());
    assert_eq!(
        planned.promotion("web", "prod")["changes"][0]["new"],
        wanted.to_string()
    );
}

#[test]
fn a_tree_that_a_kustomization_leads_to_is_watched_and_said() {
    let repo = monorepo();
    commit(
        &repo,
        "services/web/kustomization.yaml",
        "resources: [deployment.yaml, ../base]\n",
    );
    commit(&repo, "services/base/x.yaml", "a: 1\n");
    let planned = plan(repo.path());
    assert!(planned.codes().contains(&"watch-outside".to_owned()));
    run(repo.path(), &PROMOTE).exits(0);
    assert_eq!(plan(repo.path()).state("web", "prod"), "in-sync");
    commit(&repo, "services/base/x.yaml", "a: 2\n");
    let wanted = repo.tip("main").unwrap();
    let planned = plan(repo.path());
    assert_eq!(
        planned.promotion("web", "prod")["changes"][0]["new"],
        wanted.to_string()
    );
    commit(&repo, "services/elsewhere/x.yaml", "a: 2\n");
    assert_eq!(
        plan(repo.path()).promotion("web", "prod")["changes"][0]["new"],
        wanted.to_string()
    );
}

#[test]
fn where_it_cannot_be_told_everything_is_watched_but_what_promotions_write() {
    let repo = monorepo();
    commit(
        &repo,
        "services/web/kustomization.yaml",
        "resources: [../../../outside]\n",
    );
    let planned = plan(repo.path());
    assert!(planned.codes().contains(&"watch-outside".to_owned()));
    run(repo.path(), &PROMOTE).exits(0);
    assert_eq!(
        plan(repo.path()).state("web", "prod"),
        "in-sync",
        "its own landing is no news"
    );
    let simulated = run(repo.path(), &SIMULATE).exits(0).json();
    assert_eq!(simulated["end"]["state"], "in-sync");
    commit(&repo, "docs/notes.md", "anything counts\n");
    assert_eq!(plan(repo.path()).state("web", "prod"), "due");
}

#[test]
fn a_values_file_outside_the_folder_is_watched_and_said() {
    let repo = monorepo();
    for stage in ["dev", "prod"] {
        let path = format!("gitops/web-{stage}.yaml");
        let text = repo.read(&path).unwrap();
        commit(
            &repo,
            &path,
            &format!("{text}  helm: {{ valuesFiles: [../../values/common.yaml] }}\n"),
        );
    }
    commit(&repo, "values/common.yaml", "a: 1\n");
    assert!(
        plan(repo.path())
            .codes()
            .contains(&"watch-outside".to_owned())
    );
    run(repo.path(), &PROMOTE).exits(0);
    assert_eq!(plan(repo.path()).state("web", "prod"), "in-sync");
    commit(&repo, "values/common.yaml", "a: 2\n");
    let wanted = repo.tip("main").unwrap();
    let planned = plan(repo.path());
    assert_eq!(
        planned.promotion("web", "prod")["changes"][0]["new"],
        wanted.to_string()
    );
}

#[test]
fn fix_pins_a_target_that_moves_byte_for_byte() {
    let repo = monorepo();
    let before = repo.read("gitops/web-prod.yaml").unwrap();
    let ran = run(repo.path(), &["validate", "--format", "json"]).exits(0);
    assert_eq!(test_support::codes(&ran.json()), ["target-moves"]);
    run(repo.path(), &["validate", "--fix"])
        .exits(0)
        .says(&["fixed gitops/web-prod.yaml: target-moves"]);
    let tip = repo.tip("main").unwrap();
    assert_eq!(
        repo.read("gitops/web-prod.yaml").unwrap(),
        before.replace(
            "ref: main",
            &format!("ref: {tip} # sluice: main 2023-11-14")
        )
    );
    let ran = run(repo.path(), &["validate", "--format", "json"]).exits(0);
    assert_eq!(test_support::codes(&ran.json()), [""; 0]);
}
