//! A call of a command that reads local files: what it reads, and how it prints.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::output::Output;
use crate::catalog::load;
use crate::cli::{Format, PathArgs};
use crate::error::Failure;
use crate::evaluation::path_arguments::PathArguments;
use crate::evaluation::repository_state::{ReadFrom, RepositoryState};
use crate::gather::files_on_disk;
use crate::model::policy::Policy;
use crate::repo::{Repo, enclosing_repository};
use crate::report::style::Style;

/// A call, with what all commands that read local files take.
pub(super) struct Call {
    /// The folder or repository that is read.
    pub path: PathBuf,
    /// The policy file given with `--policy`.
    pub policy: Option<PathBuf>,
    /// `--at`, or else the current time.
    pub now: Timestamp,
    /// How to print; plain for JSON.
    pub style: Style,
    format: Format,
    /// PATH and `--policy` as they were given, for commands in hints.
    pub again: PathArguments,
    /// What to say if another folder is read than the current one.
    found: Option<String>,
}

impl Call {
    /// Without PATH, the current folder is read, or the top of its repository if the folder holds no Pipeline.
    ///
    /// # Errors
    /// The folder or its repository could not be read.
    pub(super) fn new(
        place: PathArgs,
        format: Format,
        now: Timestamp,
        style: Style,
    ) -> Result<Self, Failure> {
        let PathArgs {
            path: given,
            policy,
        } = place;
        let again = PathArguments::new(given.as_deref(), policy.as_deref());
        let (path, found) = match given {
            Some(path) => (path, None),
            None => match top_of(Path::new("."))? {
                Some(top) => {
                    let said = format!(
                        "There is no Pipeline in this folder: using {}, the top of the repository that contains it.",
                        top.display()
                    );
                    (top, Some(said))
                }
                None => (PathBuf::from("."), None),
            },
        };
        Ok(Self {
            path,
            policy,
            now,
            // JSON is for programs.
            style: match format {
                Format::Json => Style::default(),
                Format::Text => style,
            },
            format,
            again,
            found,
        })
    }

    /// Opens PATH, with its policy.
    pub(super) fn open(&self, from: ReadFrom) -> Result<RepositoryState, Failure> {
        RepositoryState::open(&self.path, self.policy.as_deref(), self.again.clone(), from)
    }

    /// Whether the command prints JSON.
    pub(super) fn json(&self) -> bool {
        self.format == Format::Json
    }

    /// Runs the command, and reports which folder was read if it is not the one of the call.
    pub(super) fn print(
        &self,
        command: impl FnOnce(&Self) -> Result<Output, Failure>,
    ) -> Result<Output, Failure> {
        match command(self) {
            Ok(mut output) => {
                output.notices.splice(0..0, self.found.clone());
                Ok(output)
            }
            Err(mut failure) => {
                for hint in &mut failure.hints {
                    *hint = self.again.within(hint);
                }
                failure.hints.extend(self.found.clone());
                Err(failure)
            }
        }
    }
}

/// The top of the repository that a folder is in, if the folder is not that top itself and holds no Pipeline.
fn top_of(folder: &Path) -> Result<Option<PathBuf>, Failure> {
    let Some(top) = enclosing_repository(folder) else {
        return Ok(None);
    };
    if Repo::at(folder)?.is_some() {
        return Ok(None);
    }
    // The policy's excludes do not matter here: a folder with a Pipeline is always the folder that is meant.
    let policy = Policy::default();
    let files = files_on_disk(folder, None, &policy)?;
    let holds = !load(&files.files, &policy).pipelines.is_empty();
    Ok((!holds).then_some(top))
}
