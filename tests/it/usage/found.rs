//! What a call does not say: the top of the repository.

use crate::SLUICE;
use test_support::{chart, repo, web};

fn services() -> String {
    [chart("web-dev", "1.1.0"), chart("web-prod", "1.0.0"), web()].join("---\n")
}

#[test]
fn in_a_folder_without_a_pipeline_the_top_of_the_repository_is_looked_at() {
    let repo = repo(&[("web.yaml", &services()), ("docs/notes/a.md", "x")]);
    let inside = repo.path().join("docs/notes");
    for command in ["plan", "validate", "simulate", "graph", "status", "history"] {
        let ran = SLUICE.run_in(&inside, &[], &[command]).exits(0);
        let top = repo.path().canonicalize().unwrap();
        assert_eq!(
            ran.err,
            format!(
                "There is no Pipeline in this folder: using {}, the top of the repository that contains it.\n",
                top.display()
            ),
            "{command}"
        );
    }
    SLUICE
        .run_in(&inside, &[], &["plan"])
        .says(&["1.0.0 → 1.1.0"]);
    // A given PATH means that folder, and so does a folder with a Pipeline.
    SLUICE
        .run_in(&inside, &[], &["plan", "."])
        .exits(0)
        .says(&["There is no Pipeline here"]);
    repo.write("docs/notes/own.yaml", &services().replace("1.1.0", "9.9.9"));
    let ran = SLUICE
        .run_in(&inside, &[], &["plan"])
        .exits(0)
        .says(&["1.0.0 → 9.9.9"]);
    assert_eq!(ran.err, "");
}
