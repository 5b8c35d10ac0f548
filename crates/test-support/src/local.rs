//! One pipeline in a repository on disk, and its promotion by `sluice promote --local`.

use crate::files::repo;
use crate::git::{TestRepo, git};
use crate::manifests::{chart, web};

/// Promotes [`web`] into prod, approved by ann.
pub const PROMOTE: [&str; 8] = [
    "promote",
    "--local",
    "--pipeline",
    "web",
    "--to",
    "prod",
    "--approved-by",
    "ann",
];

/// [`web`] with `web-prod` at 1.0.0 behind `web-dev` at 1.1.0, each in its own file.
pub fn differing() -> TestRepo {
    differing_beside(&[])
}

/// [`differing`], with more files in the same commit.
pub fn differing_beside(more: &[(&str, &str)]) -> TestRepo {
    let (dev, prod, web) = (chart("web-dev", "1.1.0"), chart("web-prod", "1.0.0"), web());
    let files = [
        ("dev.yaml", &*dev),
        ("prod.yaml", &*prod),
        ("web.yaml", &*web),
    ];
    repo(&[&files, more].concat())
}

/// The message of the current commit.
pub fn message(repo: &TestRepo) -> String {
    git(repo.path(), &["log", "-1", "--format=%B"])
}
