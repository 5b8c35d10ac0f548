//! Turning a promotion into file contents: the one way in which anything that Sluice writes is made.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::model::change::Change;
use crate::model::ids::{BlobId, PlanId};
use crate::model::plan::Promotion;
use crate::model::record::{Record, SourceLine};
use crate::model::source_location::{RepoPath, SourceLocation};
use crate::yaml::edit;

/// A file with a promotion's edits made and proved.
#[derive(Clone, Debug)]
pub(crate) struct EditedFile {
    /// The file.
    pub path: RepoPath,
    /// Its content before.
    pub before: Vec<u8>,
    /// Its content after.
    pub after: Vec<u8>,
}

/// Why a promotion cannot be written. Nothing was.
#[derive(Debug, thiserror::Error)]
pub enum EditRefused {
    /// A file is not there any more.
    #[error("{0} does not exist")]
    Missing(RepoPath),
    /// A path that is never written to.
    #[error("{path} is never written to: {why}")]
    Forbidden {
        /// The path.
        path: RepoPath,
        /// Why.
        why: &'static str,
    },
    /// The edit cannot be made byte-exactly, or could not be proved.
    #[error("{place}: {message}")]
    Edit {
        /// Its position.
        place: SourceLocation,
        /// Why.
        message: String,
    },
}

/// The files of a promotion as they will be. All of them, or an error.
pub(crate) fn edited_files(
    changes: &[Change],
    content: impl Fn(&RepoPath) -> Option<Vec<u8>>,
) -> Result<Vec<EditedFile>, EditRefused> {
    let mut by_file: BTreeMap<&RepoPath, Vec<&Change>> = BTreeMap::new();
    for change in changes {
        by_file.entry(&change.file).or_default().push(change);
    }
    let mut files = Vec::new();
    for (path, changes) in by_file {
        if let Some(why) = path.refusal_to_write() {
            return Err(EditRefused::Forbidden {
                path: path.clone(),
                why,
            });
        }
        let before = content(path).ok_or_else(|| EditRefused::Missing(path.clone()))?;
        let edits: Vec<_> = changes.iter().map(|change| change.edit()).collect();
        let edited = edit::apply(&before, &edits).map_err(|refused| EditRefused::Edit {
            place: SourceLocation::new(
                path,
                refused
                    .position
                    .or(changes.first().map(|change| change.at))
                    .unwrap_or_default(),
            ),
            message: refused.message,
        })?;
        files.push(EditedFile {
            path: path.clone(),
            before,
            after: edited.bytes,
        });
    }
    Ok(files)
}

/// The build: which commit of a plan this is. It changes with the plan and with the content of every touched file.
pub(crate) fn build_id(
    plan: &PlanId,
    changes: &[Change],
    blob: impl Fn(&RepoPath) -> Option<BlobId>,
) -> String {
    let files: BTreeMap<&RepoPath, Option<BlobId>> = changes
        .iter()
        .map(|change| (&change.file, blob(&change.file)))
        .collect();
    let mut digest = Sha256::new();
    digest.update(plan.to_string());
    for (path, blob) in files {
        digest.update(format!("\0{path}\0"));
        digest.update(blob.map(|blob| blob.to_string()).unwrap_or_default());
    }
    let all: String = digest
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    all.chars().take(12).collect()
}

/// What identifies the repository and base of a landing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Target {
    /// Lower-case `owner/name`, or `""` without a forge.
    pub repository: String,
    /// The base branch, or `""`.
    pub base: String,
    /// Who asked for it by a dispatch.
    pub requested_by: Option<u64>,
    /// Why, as that person said.
    pub reason: Option<String>,
    /// It was asked for as an emergency: what the policy lets it skip.
    pub emergency: Option<String>,
}

/// The record of a promotion for its commit; `None` if there is nothing to land.
pub(crate) fn record(
    namespace: Option<&str>,
    pipeline: &str,
    promotion: &Promotion,
    target: &Target,
    blob: impl Fn(&RepoPath) -> Option<BlobId>,
) -> Option<Record> {
    let plan = promotion.plan?;
    Some(Record {
        namespace: namespace.map(str::to_owned),
        pipeline: pipeline.to_owned(),
        stage: promotion.stage.to_string(),
        edges: promotion.edges.clone(),
        plan,
        build: build_id(&plan, &promotion.changes, blob),
        repository: target.repository.clone(),
        base: target.base.clone(),
        sources: promotion.takes.iter().map(SourceLine::of).collect(),
        requested_by: target.requested_by,
        reason: target.reason.clone(),
        emergency: target.emergency.clone(),
        rollback: promotion.rollback.as_ref().map(|to| (to.landing, to.plan)),
    })
}
