//! Workflow files, as far as Sluice has to know them: which of them run the Action, and what a person gives to one that is
//! started by hand.

use std::collections::BTreeMap;
use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::fetched::Fetched;
use super::signal::Ended;
use super::when::length;

/// The folder of workflows in a repository.
pub(crate) const WORKFLOWS: &str = ".github/workflows";
/// The input that names the pipeline.
pub(crate) const PIPELINE: &str = "pipeline";
/// The input that names the stage.
pub(crate) const TO: &str = "to";

/// A workflow file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workflow {
    /// The name of the file below [`WORKFLOWS`].
    pub file: String,
    /// The steps that run the Action.
    pub steps: Vec<ActionStep>,
    /// The inputs of `workflow_dispatch`; `None` if it cannot be started by hand.
    pub inputs: Option<BTreeMap<String, Input>>,
    /// The lines of `schedule`.
    pub schedule: Vec<String>,
}

/// A step that runs the Action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionStep {
    /// Its `uses`, as it is written.
    pub uses: String,
    /// Its input `command`, as it is written; `None` for the default, `reconcile`.
    pub command: Option<String>,
}

/// An input of `workflow_dispatch`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Input {
    /// The values that it can have, if it is a choice.
    pub options: Option<Vec<String>>,
}

/// A workflow file that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadWorkflow {
    /// The name of the file below [`WORKFLOWS`].
    pub file: String,
    /// Why, with line and column.
    pub why: String,
}

impl Workflow {
    /// Whether a person can request one promotion with it: it runs the Action, and takes a pipeline and a stage.
    pub(crate) fn takes_requests(&self) -> bool {
        !self.steps.is_empty() && self.missing_input().is_none()
    }

    /// Whether it reconciles: a step runs the Action without another command.
    pub(crate) fn reconciles(&self) -> bool {
        let mut steps = self.steps.iter();
        steps.any(|step| {
            step.command
                .as_deref()
                .is_none_or(|command| command == "reconcile")
        })
    }

    /// The first input that a request needs and this workflow does not have.
    pub(crate) fn missing_input(&self) -> Option<&'static str> {
        [PIPELINE, TO]
            .into_iter()
            .find(|name| self.input(name).is_none())
    }

    /// An input, if there is one with this name.
    pub(crate) fn input(&self, name: &str) -> Option<&Input> {
        self.inputs.as_ref()?.get(name)
    }
}

/// The workflow that reconciles a repository, as GitHub has it; `None` if no workflow of the base branch does.
pub type Installation = Fetched<Option<Installed>>;

/// The workflow that reconciles, and how it is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// The name of the file below [`WORKFLOWS`].
    pub file: String,
    /// Its page.
    pub url: String,
    /// A line of the examples in it was not filled in.
    pub has_placeholder: bool,
    /// GitHub's word for whether it is enabled: `active`, or why not.
    pub state: Fetched<String>,
    /// The longest time between two starts of its schedule, if it has one.
    pub interval: Option<SignedDuration>,
    /// Its newest run on the base branch that ended and was neither cancelled nor skipped; `None` if there is none.
    pub last: Fetched<Option<LastRun>>,
}

/// A run of a workflow that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastRun {
    /// Its page.
    pub url: String,
    /// When it was started.
    pub at: Timestamp,
    /// How it ended.
    pub ended: Ended,
}

/// Why nothing happens on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// A line of the examples was not filled in.
    Placeholder,
    /// It is not enabled, in GitHub's word.
    Disabled(String),
    /// Its newest run did not succeed.
    Failed {
        /// GitHub's word for how it ended.
        word: String,
        /// Its page.
        url: String,
    },
    /// Its newest run is older than three times its interval.
    Stale {
        /// The age of the newest run.
        age: SignedDuration,
        /// The interval.
        interval: SignedDuration,
    },
}

impl Installed {
    /// What keeps it from running, as far as that is known: what comes first has to be changed first.
    pub(crate) fn trouble(&self, now: Timestamp) -> Option<Trouble> {
        if self.has_placeholder {
            return Some(Trouble::Placeholder);
        }
        if let Ok(state) = &self.state
            && state != "active"
        {
            return Some(Trouble::Disabled(state.clone()));
        }
        let Ok(Some(last)) = &self.last else {
            return None;
        };
        if let Ended::Badly(word) = &last.ended {
            let url = last.url.clone();
            return Some(Trouble::Failed {
                word: word.clone(),
                url,
            });
        }
        let age = now.duration_since(last.at);
        let interval = self.interval.filter(|interval| age > *interval * 3)?;
        Some(Trouble::Stale { age, interval })
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Placeholder => f.write_str("still has the examples' OWNER/sluice@000…"),
            Self::Disabled(state) => write!(f, "is not enabled ({state})"),
            Self::Failed { word, .. } => write!(f, "ended with {word} when it ran last"),
            Self::Stale { age, interval } => write!(
                f,
                "ran last {} ago, and is scheduled at least every {}",
                length(*age),
                length(*interval)
            ),
        }
    }
}

/// Whether `uses` names the Action: `OWNER/sluice@REF`, or an image `docker://…/sluice…`. A copy of the repository has another owner,
/// and may have a longer name, such as `sluice-action`.
pub(crate) fn is_action(uses: &str) -> bool {
    let (image, name) = match uses.strip_prefix("docker://") {
        Some(image) => (true, image),
        None => (false, uses),
    };
    let name = name.split('@').next().unwrap_or_default();
    let last = name.rsplit('/').next().unwrap_or_default();
    let last = match image {
        true => last.split(':').next().unwrap_or_default(),
        false => last,
    };
    let last = last.to_ascii_lowercase();
    let is_named = last == "sluice" || last.starts_with("sluice-");
    is_named && (image || name.split('/').count() == 2)
}

/// Whether `uses` is still the line of the examples, in which owner and commit have to be filled in.
pub(crate) fn is_placeholder(uses: &str) -> bool {
    let (name, reference) = uses.split_once('@').unwrap_or((uses, ""));
    name.starts_with("OWNER/")
        || (!reference.is_empty() && reference.bytes().all(|byte| byte == b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installed(age: i64, ended: Ended) -> Installed {
        let now = Timestamp::UNIX_EPOCH;
        Installed {
            file: "sluice.yml".to_owned(),
            url: String::new(),
            has_placeholder: false,
            state: Ok("active".to_owned()),
            interval: Some(SignedDuration::from_hours(1)),
            last: Ok(Some(LastRun {
                url: "https://x".to_owned(),
                at: now - SignedDuration::from_mins(age),
                ended,
            })),
        }
    }

    #[test]
    fn what_keeps_a_workflow_from_running_is_found() {
        let trouble = |installed: &Installed| {
            let found = installed.trouble(Timestamp::UNIX_EPOCH);
            found.map(|trouble| trouble.to_string()).unwrap_or_default()
        };
        let fresh = installed(10, Ended::Well);
        for (installed, expected) in [
            (fresh.clone(), ""),
            (installed(180, Ended::Well), ""),
            (
                installed(181, Ended::Well),
                "ran last 3h1m ago, and is scheduled at least every 1h",
            ),
            (
                installed(10, Ended::Badly("startup_failure".to_owned())),
                "ended with startup_failure when it ran last",
            ),
            (
                Installed {
                    state: Ok("disabled_inactivity".to_owned()),
                    ..installed(9999, Ended::Badly("failure".to_owned()))
                },
                "is not enabled (disabled_inactivity)",
            ),
            (
                Installed {
                    has_placeholder: true,
                    ..fresh.clone()
                },
                "still has the examples' OWNER/sluice@000…",
            ),
            // What is not known does not count as trouble; that it is not known is reported elsewhere.
            (
                Installed {
                    state: Err("no".to_owned()),
                    last: Err("no".to_owned()),
                    ..fresh.clone()
                },
                "",
            ),
            (
                Installed {
                    last: Ok(None),
                    ..fresh.clone()
                },
                "",
            ),
            (
                Installed {
                    interval: None,
                    ..installed(9999, Ended::Well)
                },
                "",
            ),
        ] {
            assert_eq!(trouble(&installed), expected, "{installed:?}");
        }
    }

    #[test]
    fn the_action_is_known_by_the_name_of_its_repository_or_image() {
        for uses in [
            "OWNER/sluice@0000000000000000000000000000000000000000",
            "acme/Sluice@v1",
            "acme/sluice-action@main",
            "docker://ghcr.io/acme/sluice:1.0",
            "docker://ghcr.io/acme/sluice@sha256:00",
        ] {
            assert!(is_action(uses), "{uses}");
        }
        for uses in [
            "actions/checkout@v5",
            "acme/sluices@v1",
            "acme/tools/sluice@v1",
            "./.github/actions/sluice",
            "docker://ghcr.io/acme/web:sluice",
            "sluice@v1",
            "",
        ] {
            assert!(!is_action(uses), "{uses}");
        }
    }

    #[test]
    fn a_line_of_the_examples_is_a_placeholder() {
        for (uses, expected) in [
            (
                "OWNER/sluice@0000000000000000000000000000000000000000",
                true,
            ),
            ("acme/sluice@0000000000000000000000000000000000000000", true),
            ("OWNER/sluice@v1", true),
            ("acme/sluice@v1", false),
            (
                "acme/sluice@0000000000000000000000000000000000000001",
                false,
            ),
            ("docker://ghcr.io/acme/sluice@sha256:12", false),
        ] {
            assert_eq!(is_placeholder(uses), expected, "{uses}");
        }
    }
}
