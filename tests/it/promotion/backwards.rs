//! What goes back is held if no APPROVAL gate must pass; what is not a version, or goes forward, is not held.

use sluice::model::ids::CommitId;
use test_support::git::TestRepo;
use test_support::{pipeline, plan, repo, run, service, web};

const HERE: &str = "https://github.com/acme/gitops.git";
const AUTO: &str = "version: 1\nstages: { prod: { trigger: auto } }\n";

/// dev and prod of these specs, with nothing on the edge but `trigger: auto`; `policy` goes below that.
fn ungated(dev: &str, prod: &str, policy: &str) -> Vec<(&'static str, String)> {
    vec![
        ("dev.yaml", service("web-dev", dev)),
        ("prod.yaml", service("web-prod", prod)),
        (
            "web.yaml",
            pipeline(
                "web",
                &[("dev", &["web-dev"]), ("prod", &["web-prod < web-dev"])],
                &[("dev prod", &[])],
            ),
        ),
        (".github/sluice.yaml", format!("{AUTO}{policy}")),
    ]
}

fn repo_with(files: &[(&'static str, String)]) -> TestRepo {
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (*path, &text[..]))
        .collect();
    repo(&files)
}

fn state(dev: &str, prod: &str, policy: &str) -> String {
    let repo = repo_with(&ungated(dev, prod, policy));
    plan(repo.path()).state("web", "prod").to_owned()
}

#[test]
fn a_lower_version_is_held_and_a_text_that_is_none_is_not_judged() {
    let chart = |version: &str| {
        format!("helm: {{ url: https://charts.example.com, chart: app, version: {version} }}")
    };
    for (old, new, expected) in [
        ("1.1.0", "1.0.9", "held"),
        ("v1.1.0", "1.0.9", "held"),
        ("1.1.0", "1.1.0-rc.1", "held"),
        ("1.0.9", "1.1.0", "due"),
        ("1.1.0+a", "1.1.0+b", "due"),
    ] {
        assert_eq!(state(&chart(new), &chart(old), ""), expected, "{old} {new}");
    }
    let absent = "helm: { url: https://charts.example.com, chart: app }";
    assert_eq!(state(&chart("1.0.0"), absent, ""), "due");

    for name in ["tag", "version", "digest"] {
        let spec = |value: &str| format!("helm:\n  values:\n    image:\n      {name}: \"{value}\"");
        let policy = format!("fields: [spec.helm.values.image.{name}]\n");
        for (old, new, expected) in [
            ("1.1.0", "1.0.9", "held"),
            ("v12", "v11", "held"),
            ("12", "11", "held"),
            ("v11", "12", "due"),
            ("v2", "1.9.0", "held"),
            ("2.1.0", "v2", "held"),
            ("1.9.0", "v2", "due"),
            ("v2", "2.0.0", "due"),
            ("b", "a", "due"),
            ("1.10", "1.9", "due"),
            ("12", "latest", "due"),
            ("release-12", "release-11", "due"),
            ("sha256:22", "sha256:11", "due"),
            ("v", "1", "due"),
        ] {
            let found = state(&spec(new), &spec(old), &policy);
            assert_eq!(found, expected, "{name} {old} {new}");
        }
    }
    // Only fields with these names are compared as versions.
    let spec = |value: &str| format!("helm:\n  values:\n    image:\n      build: \"{value}\"");
    let policy = "fields: [spec.helm.values.image.build]\n";
    assert_eq!(state(&spec("1.0.9"), &spec("1.1.0"), policy), "due");
}

#[test]
fn a_configuration_value_goes_where_its_source_goes() {
    let spec = |value: &str| format!("configuration:\n  version: \"{value}\"");
    let mut files = ungated(&spec("1.0.9"), &spec("1.1.0"), "");
    files[2].1 = files[2].1.replace("secrets: []", "secrets: [version]");
    let planned = plan(repo_with(&files).path());
    assert_eq!(planned.state("web", "prod"), "due");
    assert_eq!(
        planned.changes("web", "prod"),
        ["web-prod spec.configuration.version: 1.1.0 → 1.0.9"]
    );
}

fn on(reference: &str) -> String {
    format!("git:\n  url: {HERE}\n  folder: app\n  ref: {reference}")
}

/// What a git ref goes through: on the branch `code` two commits, `side` beside the second one, `docs` behind it without a change
/// of the folder.
struct Code {
    repo: TestRepo,
    first: CommitId,
    second: CommitId,
    side: CommitId,
}

fn code() -> Code {
    let repo = TestRepo::new();
    let first = repo.commit("code", &[("app/x", "1")]);
    repo.branch("aside", &first);
    let second = repo.commit("code", &[("app/x", "2")]);
    let side = repo.commit("aside", &[("app/x", "3")]);
    repo.git().remote("origin", HERE).unwrap();
    Code {
        repo,
        first,
        second,
        side,
    }
}

impl Code {
    /// The state of prod, and its reason with the commits by their names.
    fn judged(&self, dev: &str, prod: &str, policy: &str) -> (String, String) {
        // Nothing is left of an earlier case.
        if let Ok(mut main) = self.repo.git().find_reference("refs/heads/main") {
            main.delete().unwrap();
        }
        let mut commit = self.repo.on("main");
        for (path, text) in ungated(&on(dev), &on(prod), policy) {
            commit = commit.file(path, &text);
        }
        commit.done();
        self.repo.check_out("main");
        let plan = plan(self.repo.path());
        let mut reason = plan.reason("web", "prod").to_owned();
        let named = [
            ("first", self.first),
            ("second", self.second),
            ("side", self.side),
        ];
        for (name, commit) in named {
            reason = reason
                .replace(&commit.to_string(), name)
                .replace(&commit.short(), name);
        }
        (plan.state("web", "prod").to_owned(), reason)
    }
}

#[test]
fn a_branch_goes_forward_or_is_held() {
    let code = code();
    let (first, second) = (code.first.to_string(), code.second.to_string());
    assert_eq!(code.judged("code", &first, "").0, "due");
    let (state, reason) = code.judged("aside", &second, "");
    assert_eq!(state, "held");
    insta::assert_snapshot!(reason, @"goes back only on a person's request: web-prod spec.git.ref second → side (neither descends from the other)");
    code.repo.branch("code", &code.first);
    let (state, reason) = code.judged("code", &second, "");
    assert_eq!(state, "held");
    insta::assert_snapshot!(reason, @"goes back only on a person's request: web-prod spec.git.ref second → first (the current value descends from it)");
}

#[test]
fn a_name_that_is_pinned_where_it_stands_goes_nowhere() {
    let code = code();
    code.repo.light_tag("v2", &code.second);
    for (dev, prod) in [("code", "code"), ("code", "v2"), ("v2", "code")] {
        let (state, reason) = code.judged(dev, prod, "");
        assert_eq!(state, "due", "{dev} {prod}: {reason}");
    }
    // The branch has gone on, and its folder is the same.
    code.repo.commit("code", &[("docs/x", "1")]);
    assert_eq!(code.judged("v2", "code", "").0, "due");
    // What prod follows is resolved first, and is judged like a commit.
    assert_eq!(code.judged("aside", "code", "").0, "held");
    let (state, reason) = code.judged("code", "gone", "");
    assert_eq!(state, "held");
    insta::assert_snapshot!(reason, @"goes back only on a person's request: web-prod spec.git.ref gone → second (it cannot be determined whether that goes back: `gone`: there is no branch, tag or commit with this name)");
}

#[test]
fn a_tag_or_an_id_is_held_where_the_old_commit_descends_from_it() {
    let code = code();
    let (first, second, side) = (
        code.first.to_string(),
        code.second.to_string(),
        code.side.to_string(),
    );
    code.repo.light_tag("one", &code.first);
    code.repo.light_tag("two", &code.second);
    code.repo.light_tag("beside", &code.side);
    let noted = |commit: &str, name: &str| format!("{commit} # sluice: {name}");
    for (dev, prod, expected) in [
        ("two", noted(&first, "one"), "due"),
        ("one", noted(&second, "two"), "held"),
        ("beside", noted(&second, "two"), "due"),
        // Of the same name, so that it was moved; or of a name that no one knows any more.
        ("beside", noted(&second, "beside"), "held"),
        ("beside", second.clone(), "held"),
        ("two", noted(&first, "two"), "due"),
        (&second, first.clone(), "due"),
        (&first, second.clone(), "held"),
        (&side, second.clone(), "due"),
    ] {
        let (state, reason) = code.judged(dev, &prod, "");
        assert_eq!(state, expected, "{dev} {prod}: {reason}");
    }
    let (_, reason) = code.judged("one", &noted(&second, "two"), "");
    insta::assert_snapshot!(reason, @"goes back only on a person's request: web-prod spec.git.ref second → first (the current value descends from it)");
    let (_, reason) = code.judged("beside", &noted(&second, "beside"), "");
    insta::assert_snapshot!(reason, @"goes back only on a person's request: web-prod spec.git.ref second → side (the tag beside was moved, and neither descends from the other)");
}

#[test]
fn a_tag_that_is_a_lower_version_is_held_wherever_it_stands() {
    let code = code();
    code.repo.light_tag("v1.9.1", &code.second);
    code.repo.light_tag("v1.8.5", &code.side);
    let second = format!("{} # sluice: v1.9.1", code.second);
    let (state, reason) = code.judged("v1.8.5", &second, "");
    assert_eq!(state, "held");
    insta::assert_snapshot!(reason, @"goes back only on a person's request: web-prod spec.git.ref second → side (the tag v1.8.5 is an older version than v1.9.1)");
    let side = format!("{} # sluice: v1.8.5", code.side);
    assert_eq!(code.judged("v1.9.1", &side, "").0, "due");
    // Copied as it is written.
    let literal =
        "pipelines: { web: { stages: { prod: { revision: literal, trigger: auto } } } }\n";
    assert_eq!(code.judged("v1.8.5", "v1.9.1", literal).0, "held");
    assert_eq!(code.judged("v1.9.1", "v1.8.5", literal).0, "due");
}

#[test]
fn what_an_unknown_repository_holds_is_not_judged() {
    let spec = |reference: &str| {
        let text = service("NAME", &format!("git: {{ folder: app, ref: {reference} }}"));
        text + "  repositoryRef: { name: nowhere, namespace: infra }\n"
    };
    let mut files = ungated("a: b", "a: b", "");
    files[0].1 = spec("v1.0.0").replace("NAME", "web-dev");
    files[1].1 = spec("v1.1.0").replace("NAME", "web-prod");
    let repo = repo_with(&files);
    assert_eq!(plan(repo.path()).state("web", "prod"), "due");
}

/// What `plan` says below its first line.
fn planned(repo: &TestRepo) -> String {
    let out = run(repo.path(), &["plan"]).exits(0).out;
    out.split_once("\n\n").unwrap().1.to_owned()
}

#[test]
fn an_approval_lets_it_go_back_and_so_does_whoever_promotes_at_a_terminal() {
    let chart = |version: &str| {
        format!("helm: {{ url: https://charts.example.com, chart: app, version: {version} }}")
    };
    let mut files = ungated(&chart("1.0.9"), &chart("1.1.0"), "");
    let repo = repo_with(&files);
    insta::assert_snapshot!(planned(&repo), @r"
    web  dev → prod                                           HELD  74ed13
        goes back only on a person's request: web-prod spec.helm.version 1.1.0 → 1.0.9 (an older version)
        help: sluice promote --local PATH --pipeline web --to prod
      web-prod  prod.yaml:7
        spec.helm.version      1.1.0 → 1.0.9
          goes back to an older version

    1 held. Nothing was written.
    ");
    run(repo.path(), &["simulate", "--approve", "ann"])
        .exits(0)
        .says(&["1.1.0 → 1.0.9"]);
    assert_eq!(plan(repo.path()).state("web", "prod"), "held");
    let promote = ["promote", "--local", "--pipeline", "web", "--to", "prod"];
    run(repo.path(), &promote).exits(0);
    assert!(repo.read("prod.yaml").unwrap().contains("1.0.9"));

    files[2].1 = web();
    let repo = repo_with(&files);
    let out = planned(&repo);
    let lines: Vec<&str> = out.lines().skip(1).take(4).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
        web-prod goes back to an older version
      web-prod  prod.yaml:7
        spec.helm.version      1.1.0 → 1.0.9
          goes back to an older version
    ");
}
