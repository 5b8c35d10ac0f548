//! A call of a command that reads files of this machine: what it looks at, and how it prints.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::Output;
use crate::catalog::load;
use crate::cli::{Format, Place};
use crate::error::Failure;
use crate::gather::files_on_disk;
use crate::model::policy::Policy;
use crate::repo::Repo;
use crate::report::escape::shell;
use crate::report::style::Style;

/// A call with what all commands take that read files.
pub(super) struct Call {
    /// What is looked at.
    pub path: PathBuf,
    /// The policy that was given.
    pub policy: Option<PathBuf>,
    pub now: Timestamp,
    pub style: Style,
    format: Format,
    /// How PATH and policy are given again.
    pub again: Again,
    /// Said where what is looked at is not what stands in the call.
    found: Option<String>,
}

impl Call {
    pub(super) fn new(
        place: Place,
        format: Format,
        now: Timestamp,
        style: Style,
    ) -> Result<Self, Failure> {
        let Place {
            path: given,
            policy,
        } = place;
        let again = Again::new(given.as_deref(), policy.as_deref());
        let (path, found) = match given {
            Some(path) => (path, None),
            None => match top_of(Path::new("."))? {
                Some(top) => {
                    let said = format!(
                        "There is no Pipeline in this folder: {} is looked at, the top of the repository that it lies in.",
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

    pub(super) fn json(&self) -> bool {
        self.format == Format::Json
    }

    /// Runs the command, and says what was looked at if the call does not.
    pub(super) fn told(
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

/// The commands that take PATH, and whether they take --policy too.
const TAKE_PATH: [(&str, bool); 8] = [
    ("validate", true),
    ("plan", true),
    ("simulate", true),
    ("graph", true),
    ("status", true),
    ("history", true),
    ("promote --local", true),
    ("init", false),
];

/// What was given as PATH and --policy, as it stands in a command line: a blank before each word, or nothing at all.
#[derive(Clone, Debug, Default)]
pub(super) struct Again {
    path: String,
    policy: String,
}

impl Again {
    fn new(path: Option<&Path>, policy: Option<&Path>) -> Self {
        let word = |before: &str, path: Option<&Path>| match path {
            Some(path) => format!("{before}{}", shell(&path.to_string_lossy())),
            None => String::new(),
        };
        Self {
            path: word(" ", path),
            policy: word(" --policy ", policy),
        }
    }

    /// A text of our own, with these words behind each command in it that takes them: so that it can be pasted.
    pub(super) fn within(&self, text: &str) -> String {
        again(text, &self.path, &self.policy)
    }
}

fn again(text: &str, path: &str, policy: &str) -> String {
    let mut said = String::with_capacity(text.len() + path.len() + policy.len());
    let mut rest = text;
    while let Some(at) = rest.find("sluice ") {
        let (before, command) = rest.split_at(at + "sluice ".len());
        said.push_str(before);
        rest = command;
        let ends = |name: &str| {
            let after = command.strip_prefix(name);
            after.is_some_and(|after| !after.starts_with(|c: char| c.is_alphanumeric() || c == '-'))
        };
        if let Some((name, takes_policy)) = TAKE_PATH.iter().find(|(name, _)| ends(name)) {
            said.push_str(name);
            said.push_str(path);
            said.push_str(if *takes_policy { policy } else { "" });
            rest = &command[name.len()..];
        }
    }
    said.push_str(rest);
    said
}

/// The top of the repository that a folder lies in, if it is not that top itself and holds no Pipeline.
fn top_of(folder: &Path) -> Result<Option<PathBuf>, Failure> {
    let Some(top) = lies_in(folder) else {
        return Ok(None);
    };
    if Repo::at(folder)?.is_some() {
        return Ok(None);
    }
    // What a policy leaves out is no matter here: whoever has a Pipeline in this folder means this folder.
    let policy = Policy::default();
    let files = files_on_disk(folder, None, &policy)?;
    let holds = !load(&files.files, &policy).pipelines.is_empty();
    Ok((!holds).then_some(top))
}

/// The nearest folder above this one that is a repository.
pub(super) fn lies_in(folder: &Path) -> Option<PathBuf> {
    let folder = folder.canonicalize().ok()?;
    let mut above = folder.ancestors().skip(1);
    above
        .find(|folder| folder.join(".git").exists())
        .map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::again;

    #[test]
    fn a_command_in_a_hint_is_given_the_path_of_the_call() {
        for (text, said) in [
            (
                "sluice validate --fix pins it",
                "sluice validate 'my clone' --fix pins it",
            ),
            (
                "run sluice plan, then sluice simulate --approve NAME",
                "run sluice plan 'my clone', then sluice simulate 'my clone' --approve NAME",
            ),
            (
                "sluice promote --local --pipeline web --to prod",
                "sluice promote --local 'my clone' --pipeline web --to prod",
            ),
            ("`sluice validate`", "`sluice validate 'my clone'`"),
            ("sluice doctor names it", "sluice doctor names it"),
            ("sluice planner, sluice", "sluice planner, sluice"),
        ] {
            assert_eq!(again(text, " 'my clone'", ""), said);
            assert_eq!(again(text, "", ""), text);
        }
        let both = again(
            "sluice init, then sluice plan",
            " there",
            " --policy p.yaml",
        );
        assert_eq!(
            both,
            "sluice init there, then sluice plan there --policy p.yaml"
        );
    }
}
