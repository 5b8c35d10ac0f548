//! The inputs of the Action (R-4.6), and the command line that they are turned into.
//!
//! They are foreign text, chosen by anyone who may start a workflow. They never skip a gate; here they are only read.

use std::fmt;

use super::described::Described;
use super::environment::Environment;
use crate::model::nearest::nearest;
use crate::model::plan_prefix::PlanPrefix;

/// Every input of the Action.
pub const INPUTS: &[Described] = &[
    about(
        "command",
        "What to do: reconcile (default), promote, plan, status, board, validate, doctor, rollback or retry",
    ),
    about(
        "token",
        "The token for reading and writing; default: the workflow's own",
    ),
    about(
        "read-token",
        "A read-only token for other repositories on the same GitHub",
    ),
    about("pipeline", "The pipeline, as NAME or NAMESPACE/NAME"),
    about("to", "The stage to promote into, or to roll back"),
    about("dry-run", "Evaluate and write nothing"),
    about(
        "take",
        "source: take the source's values even if someone set the target by hand after the source changed",
    ),
    about(
        "plan",
        "The plan: its whole ID, 64 digits. The first 12 are enough for a dry run, and for the landed plan that a rollback goes back to",
    ),
    about(
        "approve",
        "Approve the plan, if its gate accepts approval by dispatch",
    ),
    about("reason", "Why; recorded, and required for an emergency"),
    about(
        "emergency",
        "Use the policy's emergency rules of this stage",
    ),
    about(
        "freeze",
        "Land nothing in this run, for this reason; pull requests are still opened. Empty or `false`: no freeze",
    ),
    about("html", "The file that `board` writes; default: board.html"),
    about(
        "interval",
        "How often `board` is run: 30m, 1h, 1d; default: 1h",
    ),
];

const fn about(name: &'static str, about: &'static str) -> Described {
    Described { name, about }
}

/// What the Action is asked to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Task {
    /// Do everything that is due.
    #[default]
    Reconcile,
    /// Promote one stage.
    Promote,
    /// Show what would change.
    Plan,
    /// Show the status of every pipeline.
    Status,
    /// Write the board.
    Board,
    /// Check manifests and policy.
    Validate,
    /// Check the installation.
    Doctor,
    /// Go back to an earlier landing.
    Rollback,
    /// Try again what was refused or failed.
    Retry,
}

impl Task {
    const ALL: [Self; 9] = [
        Self::Reconcile,
        Self::Promote,
        Self::Plan,
        Self::Status,
        Self::Board,
        Self::Validate,
        Self::Doctor,
        Self::Rollback,
        Self::Retry,
    ];

    /// The name of the command.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Reconcile => "reconcile",
            Self::Promote => "promote",
            Self::Plan => "plan",
            Self::Status => "status",
            Self::Board => "board",
            Self::Validate => "validate",
            Self::Doctor => "doctor",
            Self::Rollback => "rollback",
            Self::Retry => "retry",
        }
    }
}

/// An input that cannot be used; the run ends with exit code 64.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("input `{input}` {why}")]
pub(crate) struct InputError {
    /// The input.
    pub input: String,
    /// Why, and what it takes.
    pub why: String,
}

/// The inputs of one run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inputs {
    /// What to do.
    pub command: Task,
    /// The pipeline.
    pub pipeline: Option<String>,
    /// The stage.
    pub to: Option<String>,
    /// Write nothing.
    pub dry_run: bool,
    /// `take: source`.
    pub take_source: bool,
    /// A plan ID, or the first digits of one.
    pub plan: Option<PlanPrefix>,
    /// Approve the plan.
    pub approve: bool,
    /// Why.
    pub reason: Option<String>,
    /// By the rules for an emergency.
    pub emergency: bool,
    /// Merge and commit nothing, for this reason.
    pub freeze: Option<String>,
    /// The file of the board.
    pub html: Option<String>,
    /// How often the board is made.
    pub interval: Option<String>,
}

impl Inputs {
    /// Reads all inputs. An input that is empty is not set; one whose name is similar to a known one is a typo, not
    /// ignored.
    pub(crate) fn read(environment: &Environment) -> Result<Self, InputError> {
        refuse_slips(environment)?;
        let read = Reader { environment };
        // Tokens stay in the environment, where the session reads them; each may be given once.
        for token in ["token", "read-token"] {
            read.text(token)?;
        }
        Ok(Self {
            command: read
                .one_of("command", &Task::ALL, Task::as_str)?
                .unwrap_or_default(),
            pipeline: read.line("pipeline")?,
            to: read.line("to")?,
            dry_run: read.switch("dry-run")?,
            take_source: read.one_of("take", &["source"], |word| word)?.is_some(),
            plan: read.plan()?,
            approve: read.switch("approve")?,
            reason: read.line("reason")?,
            emergency: read.switch("emergency")?,
            // Whatever a variable of the repository holds stops, except for the one word that says no.
            freeze: read
                .line("freeze")?
                .filter(|text| !text.eq_ignore_ascii_case("false")),
            html: read.line("html")?,
            interval: read.line("interval")?,
        })
    }

    /// The command line that they are turned into, the program's name first. It contains no token.
    pub(crate) fn arguments(&self) -> Vec<String> {
        // A plan of the state on GitHub is a run that writes nothing. What writes nothing anyway has no switch for it.
        let (command, dry_run) = match self.command {
            Task::Plan => (Task::Reconcile, true),
            other @ (Task::Status | Task::Board | Task::Validate | Task::Doctor) => (other, false),
            other @ (Task::Reconcile | Task::Promote | Task::Rollback | Task::Retry) => {
                (other, self.dry_run)
            }
        };
        // A freeze is a variable of the repository, given to every step: what lands nothing is not stopped by it.
        let freeze = match command {
            Task::Validate | Task::Doctor => None,
            _ => self.freeze.as_deref(),
        };
        let mut arguments = vec!["sluice".to_owned(), command.as_str().to_owned()];
        let plan = self.plan.as_ref().map(PlanPrefix::to_string);
        let html = match command {
            Task::Board => Some(self.html.as_deref().unwrap_or("board.html")),
            _ => self.html.as_deref(),
        };
        // With `=` a value stays a value, whatever it begins with.
        let mut option = |name: &str, value: Option<&str>| {
            arguments.extend(value.map(|value| format!("--{name}={value}")));
        };
        option("pipeline", self.pipeline.as_deref());
        option("to", self.to.as_deref());
        option("take", self.take_source.then_some("source"));
        option("plan", plan.as_deref());
        option("reason", self.reason.as_deref());
        option("freeze", freeze);
        option("html", html);
        option("interval", self.interval.as_deref());
        for (name, on) in [
            ("dry-run", dry_run),
            ("approve", self.approve),
            ("emergency", self.emergency),
        ] {
            if on {
                arguments.push(format!("--{name}"));
            }
        }
        arguments
    }
}

/// An unknown input is ignored, because a job may have others in its environment. `dryrun` is not: `dry-run` was meant,
/// and ignoring it would write.
fn refuse_slips(environment: &Environment) -> Result<(), InputError> {
    let known = || INPUTS.iter().map(|input| input.name);
    for name in environment.names("INPUT_") {
        let name = name.to_lowercase().replace(['_', ' '], "-");
        if known().any(|known| known == name) {
            continue;
        }
        if let Some(meant) = nearest(&name, known()).first() {
            return Err(InputError {
                why: format!("is not known; did you mean `{meant}`?"),
                input: name,
            });
        }
    }
    Ok(())
}

struct Reader<'a> {
    environment: &'a Environment,
}

impl Reader<'_> {
    /// The input as the runner passes it (`INPUT_DRY-RUN`), or as a shell can write it (`INPUT_DRY_RUN`).
    fn text(&self, input: &'static str) -> Result<Option<String>, InputError> {
        let as_passed = format!("INPUT_{}", input.to_uppercase());
        let as_written = as_passed.replace('-', "_");
        match (
            self.environment.get(&as_passed),
            self.environment.get(&as_written),
        ) {
            (Some(one), Some(other)) if one != other => Err(refused(
                input,
                format!("is given twice, as {as_passed} and as {as_written}"),
            )),
            (one, other) => Ok(one.or(other).map(str::to_owned)),
        }
    }

    fn line(&self, input: &'static str) -> Result<Option<String>, InputError> {
        const MAX_LENGTH: usize = 1000;
        let text = self.text(input)?;
        match &text {
            Some(text) if text.contains(char::is_control) => Err(refused(input, "is not one line")),
            Some(text) if text.chars().nth(MAX_LENGTH).is_some() => Err(refused(
                input,
                format!("has more than {MAX_LENGTH} characters"),
            )),
            _ => Ok(text),
        }
    }

    /// `true` or `false` as YAML's core schema writes them, and nothing else.
    fn switch(&self, input: &'static str) -> Result<bool, InputError> {
        match self.text(input)?.as_deref() {
            None | Some("false" | "False" | "FALSE") => Ok(false),
            Some("true" | "True" | "TRUE") => Ok(true),
            Some(other) => Err(refused(
                input,
                format!("is {}; use true or false", shown(other)),
            )),
        }
    }

    fn one_of<T: Copy>(
        &self,
        input: &'static str,
        all: &[T],
        name: impl Fn(T) -> &'static str,
    ) -> Result<Option<T>, InputError> {
        let Some(text) = self.text(input)? else {
            return Ok(None);
        };
        if let Some(found) = all.iter().find(|value| name(**value) == text) {
            return Ok(Some(*found));
        }
        let names: Vec<&str> = all.iter().map(|value| name(*value)).collect();
        Err(refused(
            input,
            format!("is {}; use {}", shown(&text), names.join(", ")),
        ))
    }

    fn plan(&self) -> Result<Option<PlanPrefix>, InputError> {
        let Some(text) = self.text("plan")? else {
            return Ok(None);
        };
        let found = text.parse::<PlanPrefix>().map(Some);
        found.map_err(|error| refused("plan", format!("is not valid: {error}")))
    }
}

fn refused(input: &str, why: impl fmt::Display) -> InputError {
    InputError {
        input: input.to_owned(),
        why: why.to_string(),
    }
}

/// A value in an error: cut, and between backticks. The writer makes it harmless.
fn shown(value: &str) -> String {
    let cut: String = value.chars().take(80).collect();
    format!("`{cut}`")
}

#[cfg(test)]
mod tests {
    use clap::{Arg, ArgAction, Command};

    use super::*;

    fn inputs(variables: &[(&str, &str)]) -> Result<Inputs, InputError> {
        Inputs::read(&variables.iter().copied().collect())
    }

    #[test]
    fn nothing_set_means_reconcile() {
        let inputs = inputs(&[
            ("INPUT_PIPELINE", "  "),
            ("INPUT_DRY-RUN", ""),
            ("INPUT_TOKEN", ""),
        ])
        .unwrap();
        assert_eq!(inputs.arguments(), ["sluice", "reconcile"]);
    }

    #[test]
    fn inputs_become_arguments_and_tokens_do_not() {
        let inputs = inputs(&[
            ("INPUT_COMMAND", " promote\n"),
            ("INPUT_TOKEN", "ghs_secret"),
            ("INPUT_READ-TOKEN", "ghs_other"),
            ("INPUT_PIPELINE", "prod/podinfo"),
            ("INPUT_TO", "prod"),
            ("INPUT_DRY_RUN", "TRUE"),
            ("INPUT_TAKE", "source"),
            ("INPUT_PLAN", "7C1E09AB7C1E"),
            ("INPUT_APPROVE", "true"),
            ("INPUT_REASON", "INC-4711: \"now\" $(rm) ; x"),
            ("INPUT_FREEZE", "False"),
            ("INPUT_ENTRYPOINT", "/sluice"),
        ])
        .unwrap();
        assert_eq!(
            inputs.arguments(),
            [
                "sluice",
                "promote",
                "--pipeline=prod/podinfo",
                "--to=prod",
                "--take=source",
                "--plan=7c1e09ab7c1e",
                "--reason=INC-4711: \"now\" $(rm) ; x",
                "--dry-run",
                "--approve"
            ]
        );
        assert!(!format!("{inputs:?}").contains("ghs_"));
    }

    #[test]
    fn a_value_stays_a_value_whatever_it_begins_with() {
        let inputs = inputs(&[
            ("INPUT_TO", "--local"),
            ("INPUT_PIPELINE", "-x"),
            ("INPUT_REASON", "=a b"),
        ])
        .unwrap();
        let command = Command::new("sluice").subcommand(
            Command::new("reconcile")
                .args(["to", "pipeline", "reason"].map(|name| Arg::new(name).long(name)))
                .arg(Arg::new("local").long("local").action(ArgAction::SetTrue)),
        );
        let matches = command.try_get_matches_from(inputs.arguments()).unwrap();
        let matches = matches.subcommand_matches("reconcile").unwrap();
        let value = |name: &str| matches.get_one::<String>(name).unwrap().as_str();
        assert_eq!(
            (value("to"), value("pipeline"), value("reason")),
            ("--local", "-x", "=a b")
        );
        assert!(!matches.get_flag("local"));
    }

    #[test]
    fn what_is_not_understood_is_an_error_that_names_the_input() {
        let said: Vec<String> = [
            &[("INPUT_COMMAND", "deploy")][..],
            &[("INPUT_DRY-RUN", "yes")],
            &[("INPUT_APPROVE", "tRue")],
            &[("INPUT_TAKE", "target")],
            &[("INPUT_PLAN", "7c1e09")],
            &[("INPUT_PLAN", "7c1e09ab7c1x")],
            &[("INPUT_TO", "prod\n::error::x")],
            &[("INPUT_DRY-RUN", "true"), ("INPUT_DRY_RUN", "false")],
            &[("INPUT_DRYRUN", "true")],
            &[("INPUT_PIPELINES", "x")],
        ]
        .into_iter()
        .map(|variables| inputs(variables).unwrap_err().to_string())
        .collect();
        insta::assert_snapshot!(said.join("\n"), @r"
    input `command` is `deploy`; use reconcile, promote, plan, status, board, validate, doctor, rollback, retry
    input `dry-run` is `yes`; use true or false
    input `approve` is `tRue`; use true or false
    input `take` is `target`; use source
    input `plan` is not valid: `7c1e09` is not a plan ID (64 hexadecimal digits, or at least the first 12)
    input `plan` is not valid: `7c1e09ab7c1x` is not a plan ID (64 hexadecimal digits, or at least the first 12)
    input `to` is not one line
    input `dry-run` is given twice, as INPUT_DRY-RUN and as INPUT_DRY_RUN
    input `dryrun` is not known; did you mean `dry-run`?
    input `pipelines` is not known; did you mean `pipeline`?
    ");
    }
}
