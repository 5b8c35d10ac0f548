use std::fmt::Write as _;
use std::io::Write as _;

use super::*;

/// The published payloads of GitHub.
fn published(file: &str) -> PathBuf {
    test_support::root("crates/github-stand-in/contract/events").join(file)
}

fn read(event: &str, payload: Option<&Path>, more: &[(&str, &str)]) -> Result<Run, AddressRefused> {
    let path = payload.map(|path| {
        (
            "GITHUB_EVENT_PATH".to_owned(),
            path.to_str().unwrap().to_owned(),
        )
    });
    let name = ("GITHUB_EVENT_NAME".to_owned(), event.to_owned());
    let more = more
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Run::read(&[name].into_iter().chain(path).chain(more).collect())
}

fn of_payload(event: &str, payload: &str) -> Run {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(payload.as_bytes()).unwrap();
    read(event, Some(file.path()), &[]).unwrap()
}

#[test]
fn every_published_payload_is_read() {
    let mut said = String::new();
    let mut files: Vec<String> = fs::read_dir(published(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert!(files.len() >= 16);
    for file in files {
        let event = file.split('.').next().unwrap();
        let run = read(event, Some(&published(&file)), &[]).unwrap();
        assert!(run.notices.is_empty(), "{file}: {:?}", run.notices);
        writeln!(
            said,
            "{file}: {:?}, {} {}, read-only {:?}",
            run.event,
            run.repository.unwrap(),
            run.default_branch.unwrap_or_default(),
            run.read_only,
        )
        .unwrap();
    }
    insta::assert_snapshot!(said, @r#"
    check_run.completed.json: Finished, Codertocat/Hello-World master, read-only None
    check_run.created.json: Finished, Codertocat/Hello-World master, read-only None
    deployment_status.created.json: Finished, Codertocat/Hello-World master, read-only None
    merge_group.checks_requested.json: MergeGroup(MergeGroup { head: 2ffea6db159f6b6c47a24e778fb9ef40cf6b1c7d, base_ref: "refs/heads/main" }), octo-org/octo-repo main, read-only None
    pull_request.closed.json: PullRequest, Codertocat/Hello-World master, read-only None
    pull_request.labeled.json: PullRequest, Codertocat/Hello-World master, read-only None
    pull_request.opened.json: PullRequest, Codertocat/Hello-World master, read-only None
    pull_request.synchronize.json: PullRequest, Codertocat/Hello-World master, read-only None
    pull_request.unlabeled.json: PullRequest, Codertocat/Hello-World master, read-only None
    pull_request_review.dismissed.json: Review, Codertocat/Hello-World master, read-only None
    pull_request_review.submitted.json: Review, Codertocat/Hello-World master, read-only None
    push.json: Push, Codertocat/Hello-World master, read-only None
    repository_dispatch.on-demand-test.json: RepositoryDispatch, octo-org/octo-repo master, read-only None
    workflow_dispatch.json: Dispatch, octo-org/octo-repo main, read-only None
    workflow_run.completed.json: Finished, Codertocat/Hello-World main, read-only None
    workflow_run.requested.json: Finished, octo-org/octo-repo master, read-only None
    "#);
}

#[test]
fn a_pull_request_from_elsewhere_reads_only() {
    let pull = |head: &str| {
        let payload = format!(
            r#"{{"pull_request":{{"head":{{"repo":{head}}},"base":{{"repo":{{"id":1}}}}}}}}"#
        );
        of_payload("pull_request_review", &payload).read_only
    };
    assert_eq!(pull(r#"{"id":1}"#), None);
    assert_eq!(pull(r#"{"id":2}"#), Some(ReadOnly::Fork));
    assert_eq!(pull("null"), Some(ReadOnly::Fork));
    assert_eq!(pull(r#"{"id":"1"}"#), Some(ReadOnly::Unknown));
    for payload in [
        "{}",
        "[]",
        "null",
        r#"{"pull_request":7}"#,
        r#"{"pull_request":{"head":{"repo":{"id":1}}}}"#,
    ] {
        assert_eq!(
            of_payload("pull_request", payload).read_only,
            Some(ReadOnly::Unknown),
            "{payload}"
        );
        assert_eq!(of_payload("push", payload).read_only, None, "{payload}");
    }
}

#[test]
fn dependabot_reads_only_and_who_an_environment_names_means_nothing() {
    let run = of_payload("push", r#"{"sender":{"login":"dependabot[bot]"}}"#);
    assert_eq!(run.read_only, Some(ReadOnly::Dependabot));
    let run = read(
        "push",
        None,
        &[
            ("GITHUB_ACTOR", "dependabot[bot]"),
            ("GITHUB_TRIGGERING_ACTOR", "admin"),
        ],
    );
    assert_eq!(run.unwrap().read_only, None);
}

#[test]
fn a_payload_that_cannot_be_read_is_a_notice_and_shows_nothing_of_itself() {
    let run = of_payload("pull_request", "{\"token\": ghs_secret");
    assert_eq!(
        run.notices,
        ["the event's payload is not JSON (line 1, column 11)"]
    );
    assert_eq!(run.read_only, Some(ReadOnly::Unknown));
    let run = read("schedule", Some(Path::new("/does/not/exist")), &[]).unwrap();
    assert_eq!((run.event, run.read_only), (Event::Schedule, None));
    assert!(
        run.notices[0].starts_with("the event's payload could not be read"),
        "{:?}",
        run.notices
    );
}

#[test]
fn an_unknown_event_and_half_a_merge_group_are_notices() {
    let run = of_payload("issue_comment", "{}");
    assert_eq!(run.event, Event::Other);
    assert_eq!(
        run.notices,
        ["the event `issue_comment` is unknown and handled like any other"]
    );
    let head = "ab".repeat(20);
    for payload in [
        "{}".to_owned(),
        format!(r#"{{"merge_group":{{"head_sha":"{head}"}}}}"#),
        format!(r#"{{"merge_group":{{"head_sha":"{head}","base_ref":"main"}}}}"#),
        r#"{"merge_group":{"head_sha":"main","base_ref":"refs/heads/main"}}"#.to_owned(),
    ] {
        let run = of_payload("merge_group", &payload);
        assert_eq!(
            (run.event, run.notices.len()),
            (Event::Other, 1),
            "{payload}"
        );
    }
}

#[test]
fn addresses_come_from_the_environment_and_must_be_safe_for_a_token() {
    let run = read("push", None, &[]).unwrap();
    let shown = |run: &Run| {
        [
            run.api.to_string(),
            run.graphql.to_string(),
            run.server.to_string(),
        ]
    };
    assert_eq!(
        shown(&run),
        [
            "https://api.github.com/",
            "https://api.github.com/graphql",
            "https://github.com/"
        ]
    );
    let server = [
        ("GITHUB_API_URL", "https://ghe.example/api/v3"),
        ("GITHUB_SERVER_URL", "https://ghe.example"),
    ];
    let run = read("push", None, &server).unwrap();
    assert_eq!(
        shown(&run),
        [
            "https://ghe.example/api/v3",
            "https://ghe.example/api/graphql",
            "https://ghe.example/"
        ]
    );
    for variable in ["GITHUB_API_URL", "GITHUB_GRAPHQL_URL", "GITHUB_SERVER_URL"] {
        for bad in [
            "http://api.github.com",
            "https://user@api.github.com",
            "api.github.com",
        ] {
            let error = read("push", None, &[(variable, bad)]).unwrap_err();
            assert_eq!(error.variable, variable, "{bad}");
        }
        assert!(read("push", None, &[(variable, "http://127.0.0.1:8080/x")]).is_ok());
    }
}

#[test]
fn the_run_is_named_by_numbers_and_a_slug() {
    let run = read(
        "push",
        None,
        &[
            ("GITHUB_RUN_ID", "42"),
            ("GITHUB_ACTION_REPOSITORY", "acme/sluice"),
            ("GITHUB_ACTION_REF", "v1"),
            ("GITHUB_REPOSITORY", "Acme/git.ops_1"),
            ("GITHUB_WORKSPACE", "/github/workspace"),
            ("RUNNER_DEBUG", "1"),
        ],
    )
    .unwrap();
    assert_eq!(
        run.docs.as_deref(),
        Some("https://github.com/acme/sluice/blob/v1/docs")
    );
    assert_eq!((run.id, run.debug), (Some(42), true));
    assert_eq!(run.repository.as_deref(), Some("Acme/git.ops_1"));
    assert_eq!(
        run.workspace.as_deref(),
        Some(Path::new("/github/workspace"))
    );
    for slug in [
        "acme", "acme/", "/x", "a/b/c", "a/..", "a/b?x", "a/ b", "é/b",
    ] {
        let run = read(
            "push",
            None,
            &[("GITHUB_REPOSITORY", slug), ("GITHUB_RUN_ID", "x")],
        )
        .unwrap();
        assert_eq!((run.repository, run.id), (None, None), "{slug}");
    }
}
