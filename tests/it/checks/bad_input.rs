//! Bad input beside a good pipeline: nothing panics, and the good pipeline keeps working.

use std::fs;
use std::path::{Path, PathBuf};

use test_support::{chart, plan, run, web};

/// A folder with the good pipeline and these bytes beside it.
fn beside(name: &str, bytes: &[u8]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let good = [chart("web-dev", "1.1.0"), chart("web-prod", "1.0.0"), web()].join("---\n");
    fs::write(dir.path().join("good.yaml"), good).unwrap();
    fs::write(dir.path().join(name), bytes).unwrap();
    dir
}

#[track_caller]
fn good_works(dir: &Path, what: &str) {
    for arguments in [
        &["validate"][..],
        &["validate", "--fix"],
        &["plan", "--diff", "--why"],
        &["plan", "--format", "json"],
        &["graph"],
        &["simulate", "--approve", "ann"],
    ] {
        let ran = run(dir, arguments);
        assert!(
            matches!(ran.exit, 0 | 2),
            "{what} {arguments:?}: {}",
            ran.all()
        );
    }
    let planned = plan(dir);
    assert_eq!(
        planned.state("web", "prod"),
        "due",
        "{what}: {:#}",
        planned.0
    );
    let simulated = run(dir, &["simulate", "--approve", "ann", "--format", "json"]).json();
    let landed = simulated["events"].as_array().unwrap().iter();
    assert_eq!(
        landed
            .filter(|event| event["event"] == "committed" && event["pipeline"] == "web")
            .count(),
        1,
        "{what}"
    );
}

const OURS: &str = "apiVersion: deployments.plural.sh/v1alpha1\n";

#[test]
fn inputs_that_are_broken_in_every_way_stop_nobody_else() {
    let laughs = {
        let mut text =
            format!("{OURS}kind: ServiceDeployment\nmetadata: {{ name: lol }}\na0: &a0 [x, x]\n");
        for level in 1..40 {
            text.push_str(&format!(
                "a{level}: &a{level} [*a{0}, *a{0}, *a{0}, *a{0}, *a{0}, *a{0}]\n",
                level - 1
            ));
        }
        text
    };
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", Vec::new()),
        ("a byte order mark alone", b"\xef\xbb\xbf".to_vec()),
        ("not UTF-8", [OURS.as_bytes(), b"kind: Pipeline\nmetadata: { name: \xff\xfe }\n"].concat()),
        ("UTF-16", OURS.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("NUL", [OURS.as_bytes(), b"a: \0\n"].concat()),
        ("deep flow", format!("{OURS}a: {}", "[".repeat(200_000)).into_bytes()),
        ("deep block", format!("{OURS}{}x", "- ".repeat(100_000)).into_bytes()),
        ("laughs", laughs.into_bytes()),
        ("many aliases", format!("{OURS}a: &a {}\nb: [{}]\n", "x".repeat(20_000), "*a, ".repeat(20_000)).into_bytes()),
        ("an alias to itself", format!("{OURS}kind: Pipeline\nmetadata: &a {{ name: *a }}\n").into_bytes()),
        ("an unknown alias", format!("{OURS}kind: Pipeline\nmetadata: {{ name: *x }}\n").into_bytes()),
        ("half a document", format!("{OURS}kind: Pipeline\nmetadata: {{ name: x\n").into_bytes()),
        ("tabs", format!("{OURS}kind: Pipeline\nmetadata:\n\tname: x\n").into_bytes()),
        ("a list", format!("- {OURS}  kind: Pipeline\n").into_bytes()),
        ("a scalar", b"deployments.plural.sh".to_vec()),
        ("a directive", format!("%YAML 9.9\n---\n{OURS}kind: Pipeline\nmetadata: {{ name: x }}\nspec: {{}}\n").into_bytes()),
        ("no spec", format!("{OURS}kind: Pipeline\nmetadata: {{ name: x }}\n").into_bytes()),
        ("a null spec", format!("{OURS}kind: Pipeline\nmetadata: {{ name: x }}\nspec:\n").into_bytes()),
        ("an empty name", format!("{OURS}kind: Pipeline\nmetadata: {{ name: \"\" }}\nspec: {{}}\n").into_bytes()),
        ("stages of scalars", format!("{OURS}kind: Pipeline\nmetadata: {{ name: x }}\nspec: {{ stages: [a, 1, ~] }}\n").into_bytes()),
        (
            "a stage without a name",
            format!("{OURS}kind: Pipeline\nmetadata: {{ name: x }}\nspec: {{ stages: [{{}}], edges: [{{}}] }}\n").into_bytes(),
        ),
        ("a mapping as a key", format!("{OURS}kind: Pipeline\nmetadata: {{ name: x }}\n? {{ a: b }}\n: c\nspec: {{}}\n").into_bytes()),
        ("a merge key", format!("{OURS}kind: Pipeline\nmetadata: {{ name: x }}\nspec: {{ <<: {{ stages: [] }} }}\n").into_bytes()),
        ("a strange kind", format!("{OURS}kind: [Pipeline]\nmetadata: {{ name: x }}\n").into_bytes()),
        ("a line separator", format!("{OURS}kind: Pipeline\nmetadata: {{ name: a\u{2028}b }}\nspec: {{}}\n").into_bytes()),
        ("a lone surrogate", format!("{OURS}kind: Pipeline\nmetadata: {{ name: \"\\ud800\" }}\nspec: {{}}\n").into_bytes()),
        ("a wall of comments", format!("{OURS}{}kind: Pipeline\nmetadata: {{ name: x }}\nspec: {{}}\n", "# x\n".repeat(2_000)).into_bytes()),
        ("CR line ends", format!("{OURS}kind: Pipeline\nmetadata: {{ name: x }}\nspec: {{}}\n").replace('\n', "\r").into_bytes()),
    ];
    for (what, bytes) in cases {
        good_works(beside("bad.yaml", &bytes).path(), what);
    }
}

#[test]
fn a_file_beyond_the_limits_is_an_error_only_where_it_speaks_of_our_group() {
    let long = "# x\n".repeat(1_200_000);
    let ours = beside(
        "big.yaml",
        format!("{OURS}kind: Pipeline\nmetadata: {{ name: x }}\nspec: {{}}\n{long}").as_bytes(),
    );
    let ran = run(ours.path(), &["validate", "--format", "json"])
        .exits(2)
        .json();
    assert_eq!(ran["findings"][0]["code"], "manifest-unreadable");
    assert_eq!(ran["findings"][0]["file"], "big.yaml");
    good_works(ours.path(), "beyond the limits");
    let other = beside("big.yaml", long.as_bytes());
    run(other.path(), &["validate"]).exits(0);
}

#[test]
fn odd_file_names_and_folders_are_no_problem() {
    for name in [
        "\u{202e}x.yaml",
        "a b.yaml",
        "-x.yaml",
        "x\n.yaml",
        "'.yaml",
        "ü.yaml",
    ] {
        let dir = beside(
            name,
            format!("{OURS}kind: Pipeline\nmetadata: {{ name: x }}\nspec: {{}}\n").as_bytes(),
        );
        good_works(dir.path(), name);
    }
    let dir = beside("x.yaml", b"a: 1\n");
    fs::create_dir(dir.path().join("folder.yaml")).unwrap();
    good_works(dir.path(), "a folder with the name of a manifest");
}

/// Every input and output of the editor's corpus.
fn corpus() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![test_support::root("fixtures/yaml")];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "yaml")
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn the_corpus_of_the_yaml_editor_stops_nobody_else() {
    let files = corpus();
    assert!(!files.is_empty());
    let dir = beside("bad.yaml", b"a: 1\n");
    for (number, path) in files.iter().enumerate() {
        let bytes = fs::read(path).unwrap();
        fs::write(dir.path().join(format!("{number}.yaml")), &bytes).unwrap();
        // The same as one of our manifests, so that the limits apply.
        let ours = [b"# deployments.plural.sh\n".as_slice(), &bytes].concat();
        fs::write(dir.path().join(format!("{number}-ours.yaml")), ours).unwrap();
    }
    good_works(dir.path(), "the corpus");
}
