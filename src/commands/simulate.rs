//! `simulate`: the life of the pipelines on a virtual repository, until nothing moves any more.
//!
//! Each round is one run. In a git repository the landings are real commits in memory, so that history and revisions
//! behave as they would. Nothing on disk is touched.

mod clock;
mod ending;
mod out;
mod rounds;
mod values;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};

use super::approvers::people;
use super::call::Call;
use super::output::Output;
use crate::error::{Exit, Failure};
use crate::evaluation::evaluate::{Evaluation, PlanInputs};
use crate::evaluation::find::find;
use crate::evaluation::repository_state::{ReadFrom, RepositoryState};
use crate::model::facts::Approvals;
use crate::model::finding::{Finding, Severity};
use crate::model::ids::{PipelineId, PlanId};
use crate::model::nearest::nearest;
use crate::model::origin::Origin;
use crate::model::plan::{Plan, Promotion};
use crate::model::reference::ManifestKey;
use crate::model::repo_url::RepoUrl;
use crate::model::resolved::StageIndex;
use crate::model::timeline::{End, Event, Timeline, What};
use crate::plan::pairs;
use crate::repo::Repo;
use crate::report::timeline;

/// What a simulation takes besides the repository.
pub(super) struct SimulateOptions {
    /// The people who approve every plan when it is proposed.
    pub approve: Vec<String>,
    /// The folder for the files of the final state.
    pub out: Option<PathBuf>,
    /// The clock does not go beyond this.
    pub until: Option<Timestamp>,
    /// Stages that a person requests whenever something is due for them, as pipeline and stage.
    pub promote: Vec<(String, String)>,
    /// Clones of other repositories.
    pub repos: Vec<(String, PathBuf)>,
}

/// Without `--until`, a simulation covers a year.
const YEAR: i64 = 365 * 24;

/// Plays the simulation and reports its timeline.
pub(super) fn run(call: &Call, asked: SimulateOptions) -> Result<Output, Failure> {
    let SimulateOptions {
        approve,
        out: out_dir,
        until,
        promote,
        repos,
    } = asked;
    if until.is_some_and(|until| until < call.now) {
        return Err(
            Failure::usage("--until is before the start of the simulation")
                .hint("--at sets the start"),
        );
    }
    let mut repository = call.open(ReadFrom::Commit)?;
    if let Some(dir) = &out_dir {
        out::prepare(&repository.root, dir)?;
    }
    repository.assumes = true;
    for (url, path) in repos {
        let url: RepoUrl = url
            .parse()
            .map_err(|error| Failure::usage(format!("--repo: {error}")))?;
        read_clone(&mut repository, url, &path)?;
    }
    let on_disk = repository.repo.take();
    repository.repo = on_disk
        .as_ref()
        .map(|repo| repo.virtual_over())
        .transpose()?;
    let notices = repository.notices.clone();

    let mut simulation = Simulation {
        call,
        approvals: Approvals {
            names: people(&approve)?,
            assumed: true,
        },
        evaluation: Evaluation::of(&repository, call.now, true)?,
        repository,
        now: call.now,
        until: until.unwrap_or(call.now + SignedDuration::from_hours(YEAR)),
        since: BTreeMap::new(),
        told: BTreeSet::new(),
        events: Vec::new(),
        proposed: BTreeMap::new(),
        landed_plans: BTreeSet::new(),
        refused: BTreeSet::new(),
        touched: BTreeSet::new(),
        requested: BTreeSet::new(),
    };
    for (pipeline, stage) in &promote {
        let found = find(&simulation.evaluation, pipeline, stage)?;
        simulation.requested.insert(found);
    }
    unused_clones(&simulation)?;
    let assumed = simulation.evaluation.assumed.clone();
    let before = simulation.stage_values();
    let (rounds, restless) = simulation.play()?;
    let plan = simulation.plan(&BTreeSet::new());
    let exit = match restless {
        Some(_) => Exit::Blocked,
        None if !simulation.refused.is_empty() => Exit::Blocked,
        None => simulation.evaluation.exit(&plan),
    };
    let end = match restless {
        Some(reason) => End::Restless { reason },
        None => simulation.end(&plan),
    };
    let timeline = Timeline {
        began: call.now,
        ended: simulation.now,
        assumes_signals: simulation.assumes_signals(),
        assumed,
        name: simulation.repository.name(),
        stages: simulation.stages(&before),
        events: simulation.events,
        end,
        rounds,
    };
    if let Some(dir) = &out_dir {
        out::write(
            &simulation.repository,
            on_disk.as_ref(),
            &simulation.touched,
            dir,
        )?;
    }
    let findings = &simulation.evaluation.findings;
    if call.json() {
        let mut notices = notices;
        if simulation.evaluation.catalog.pipelines.is_empty() {
            notices.push("There is no Pipeline here, so there is nothing to simulate.".to_owned());
        }
        return Ok(Output {
            text: timeline::json(&timeline, findings),
            notices,
            exit,
        });
    }
    let mut text = notices
        .iter()
        .map(|notice| format!("{notice}\n"))
        .collect::<String>();
    if simulation.evaluation.catalog.pipelines.is_empty() {
        text.push_str("There is no Pipeline here, so there is nothing to simulate.\n");
    } else {
        text.push_str(&timeline::text(&timeline, out_dir.is_some(), call.style));
    }
    text.push_str(&said_of_findings(call, findings));
    Ok(Output {
        text,
        notices: Vec::new(),
        exit,
    })
}

/// Uses a clone for a repository that is named by its URL.
fn read_clone(repository: &mut RepositoryState, url: RepoUrl, path: &Path) -> Result<(), Failure> {
    let wrong = |why: String| {
        Failure::usage(format!("--repo {url}={}: {why}", path.display()))
            .hint("give the top of a clone, or a bare repository")
    };
    match Repo::at(path) {
        Ok(Some(_)) => {}
        Ok(None) => return Err(wrong("it is not the top of a git repository".to_owned())),
        Err(error) => return Err(wrong(error.to_string())),
    }
    let full = path
        .canonicalize()
        .map_err(|error| wrong(error.to_string()))?;
    match repository.here.clones.entry(url.clone()) {
        Entry::Vacant(free) => {
            free.insert(full);
            Ok(())
        }
        Entry::Occupied(_) => Err(wrong("this repository is given twice".to_owned())),
    }
}

/// A clone that nothing is read from is an error: it was given for a reason.
fn unused_clones(simulation: &Simulation<'_>) -> Result<(), Failure> {
    let evaluation = &simulation.evaluation;
    let pairs = pairs(
        &evaluation.catalog,
        &simulation.repository.policy,
        &evaluation.resolved,
    );
    let origins: BTreeSet<Origin> = pairs
        .flat_map(|(_, pair)| [pair.source_origin.cloned(), pair.target_origin.cloned()])
        .flatten()
        .collect();
    for (url, path) in &simulation.repository.here.clones {
        if origins.contains(&Origin::Local(path.to_string_lossy().into_owned())) {
            continue;
        }
        let elsewhere: Vec<String> = origins
            .iter()
            .filter_map(|origin| match origin {
                Origin::Remote(url) => Some(url.to_string()),
                _ => None,
            })
            .collect();
        let url = url.to_string();
        let near = nearest(&url, elsewhere.iter().map(String::as_str));
        let hint = match (near.first(), elsewhere.is_empty()) {
            (Some(near), _) => format!("did you mean {near}?"),
            (None, true) => {
                "no service that is promoted takes git from another repository".to_owned()
            }
            (None, false) => format!("they take it from: {}", elsewhere.join(", ")),
        };
        return Err(Failure::usage(format!(
            "--repo {url}: no service that is promoted takes git from there"
        ))
        .hint(hint));
    }
    Ok(())
}

/// Errors in full, but only the number of warnings: `validate` shows these.
fn said_of_findings(call: &Call, findings: &[Finding]) -> String {
    let (errors, warnings): (Vec<Finding>, Vec<Finding>) = findings
        .iter()
        .cloned()
        .partition(|finding| finding.severity == Severity::Error);
    let mut text = String::new();
    if !errors.is_empty() {
        text.push('\n');
        text.push_str(crate::report::findings::text(&errors, call.style).trim_end());
        text.push('\n');
    }
    if !warnings.is_empty() {
        let counted = crate::model::text::counted(warnings.len(), "warning");
        let command = call.again.within("sluice validate");
        text.push_str(&format!("\n{counted}: {command}\n"));
    }
    text
}

struct Simulation<'a> {
    call: &'a Call,
    approvals: Approvals,
    evaluation: Evaluation,
    repository: RepositoryState,
    /// The virtual clock.
    now: Timestamp,
    /// The clock does not go beyond this.
    until: Timestamp,
    /// Since when sources hold their current content. Sources that never changed have held it since the beginning.
    since: BTreeMap<ManifestKey, Timestamp>,
    /// Holds that are in the timeline already: the plan, and the reason.
    told: BTreeSet<(PlanId, String)>,
    events: Vec<Event>,
    /// When each plan was proposed.
    proposed: BTreeMap<PlanId, Timestamp>,
    landed_plans: BTreeSet<PlanId>,
    /// Plans whose landing failed.
    refused: BTreeSet<PlanId>,
    /// Files that landings changed.
    touched: BTreeSet<crate::model::source_location::RepoPath>,
    /// Stages that a person requests. A landing changes no pipeline, so their IDs stay.
    requested: BTreeSet<(PipelineId, StageIndex)>,
}

type Landed = BTreeSet<(PipelineId, usize)>;

impl Simulation<'_> {
    fn plan(&self, landed: &Landed) -> Plan {
        self.plan_with(self.approvals.clone(), landed)
    }

    fn plan_with(&self, approvals: Approvals, landed: &Landed) -> Plan {
        let mut inputs = PlanInputs {
            approvals: Some(approvals),
            landed: landed.clone(),
            proposed: self.proposed.clone(),
            asked: self.requested.clone(),
            ..PlanInputs::default()
        };
        let ready = self.ready(&inputs);
        inputs.ready = Some(Rc::new(ready));
        self.evaluation.plan(&self.repository, self.now, &inputs)
    }

    fn event(&mut self, id: PipelineId, promotion: &Promotion, what: What) {
        let Some(plan) = promotion.plan else { return };
        self.events.push(Event {
            at: self.now,
            pipeline: self.evaluation.catalog.pipeline(id).name.clone(),
            from: promotion
                .edges
                .iter()
                .map(|edge| edge.from.clone())
                .collect(),
            to: promotion.stage.clone(),
            plan,
            what,
        });
    }
}

enum Round {
    Rest,
    Moved,
    CameBack(String),
}
