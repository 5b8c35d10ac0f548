//! The same input gives the same bytes.

use test_support::{fixture, folder, plan_with, repo_of, run};

#[test]
fn the_same_input_gives_the_same_bytes_in_whatever_order_the_files_come() {
    let files: Vec<(String, String)> = ["diamond", "secrets", "two-pipelines", "three-services"]
        .into_iter()
        .flat_map(|name| {
            let files = test_support::files_of(&fixture(name));
            files
                .into_iter()
                .filter(|(path, _)| !path.starts_with(".github"))
                .map(move |(path, text)| (format!("{name}/{path}"), text))
        })
        .collect();
    let written = |order: &[usize]| {
        let ordered: Vec<_> = order
            .iter()
            .map(|index| (files[*index].0.as_str(), files[*index].1.as_str()))
            .collect();
        let dir = folder(&ordered);
        let outputs: Vec<String> = [
            &["plan", "--format", "json"][..],
            &["validate", "--format", "json"],
            &["graph", "--format", "json"],
        ]
        .into_iter()
        .map(|arguments| run(dir.path(), arguments).out)
        .collect();
        let again = run(dir.path(), &["plan", "--format", "json"]).out;
        assert_eq!(outputs[0], again);
        outputs
    };
    let forwards: Vec<usize> = (0..files.len()).collect();
    let backwards: Vec<usize> = forwards.iter().rev().copied().collect();
    let mixed: Vec<usize> = (0..files.len())
        .map(|index| index * 5 % files.len())
        .collect();
    assert_eq!(
        mixed
            .iter()
            .collect::<std::collections::BTreeSet<_>>()
            .len(),
        files.len()
    );
    let wanted = written(&forwards);
    assert_eq!(written(&backwards), wanted);
    assert_eq!(written(&mixed), wanted);
}

#[test]
fn json_holds_no_clock() {
    let repo = repo_of("three-services");
    let at = |time: &str| plan_with(repo.path(), &["--at", time]).0.to_string();
    assert_eq!(at("2026-07-01T12:00:00Z"), at("2027-03-05T23:59:59Z"));
}
