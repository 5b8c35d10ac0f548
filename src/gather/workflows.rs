//! The workflow files of a commit.

use crate::model::ids::CommitId;
use crate::model::workflow::WORKFLOWS;
use crate::repo::{AskAll, ReadObjects, RepoError};

/// A workflow file: its name below `.github/workflows`, and its bytes.
pub(crate) type WorkflowBytes = (String, Vec<u8>);

/// The workflow files of a commit: those that GitHub reads, which are not in a folder below.
///
/// # Errors
/// If something must be fetched first, or could not be read.
pub(crate) fn workflow_files(
    objects: &dyn ReadObjects,
    commit: &CommitId,
) -> Result<Vec<WorkflowBytes>, RepoError> {
    let name = |path: &str| {
        let name = path.strip_prefix(WORKFLOWS)?.strip_prefix('/')?;
        let is_workflow = name.ends_with(".yml") || name.ends_with(".yaml");
        (is_workflow && !name.contains('/')).then(|| name.to_owned())
    };
    let found = objects.files_below(commit, WORKFLOWS, &|path| name(path).is_some())?;
    let mut files = Vec::with_capacity(found.len());
    let mut all = AskAll::new();
    for file in found {
        let bytes = all.ask(objects.blob(&file.blob));
        if let (Some(bytes), Some(name)) = (bytes, name(&file.path)) {
            files.push((name, bytes));
        }
    }
    all.answered(files)
}
