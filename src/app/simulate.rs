//! `simulate`: the life of the pipelines on a virtual repository, played to where nothing moves any more.
//!
//! Each round is one run. In a repository the landings are real commits in memory, so that history and revisions
//! behave as they would; nothing on disk is touched.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::evaluate::{Ask, Evaluation};
use super::world::{Look, World};
use super::{Call, Output, out};
use crate::copy::{Pair, values};
use crate::error::{Exit, Failure};
use crate::execute::{Target, edited_files, record};
use crate::model::catalog::{PipelineId, ServiceId};
use crate::model::change::Text;
use crate::model::facts::{Approvals, Slot};
use crate::model::finding::{Finding, Severity};
use crate::model::ids::PlanId;
use crate::model::pipeline::GateKind;
use crate::model::plan::{GateReport, Plan, Promotion, State};
use crate::model::reference::ManifestKey;
use crate::model::timeline::{End, Event, StageEnd, Timeline, ValueEnd, What};
use crate::model::verdict::Verdict;
use crate::plan::pairs;
use crate::repo::{Author, GitTime};
use crate::report::{message, timeline};

pub(super) fn run(
    call: &Call,
    approve: Vec<String>,
    out_dir: Option<PathBuf>,
) -> Result<Output, Failure> {
    let mut world = World::open(call, Look::Commit)?;
    if let Some(dir) = &out_dir {
        out::prepare(&world.root, dir)?;
    }
    let on_disk = world.repo.take();
    world.repo = on_disk
        .as_ref()
        .map(|repo| repo.virtual_over())
        .transpose()?;
    let notices = world.notices.clone();

    let mut simulation = Simulation {
        call,
        approvals: Approvals {
            names: super::people(&approve)?,
            assumed: true,
        },
        evaluation: Evaluation::of(&world, call.now, true)?,
        world,
        events: Vec::new(),
        proposed: BTreeSet::new(),
        landed_plans: BTreeSet::new(),
        refused: BTreeSet::new(),
        touched: BTreeSet::new(),
    };
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
        name: simulation.world.name(),
        stages: simulation.stages(&before),
        events: simulation.events,
        end,
        rounds,
    };
    if let Some(dir) = &out_dir {
        out::write(
            &simulation.world,
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

/// Errors in full; warnings counted, for they are the business of `validate`.
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
        let path = call.common.path.display();
        let counted = crate::report::findings::counted(warnings.len(), "warning");
        text.push_str(&format!("\n{counted}: sluice validate {path}\n"));
    }
    text
}

struct Simulation<'a> {
    call: &'a Call,
    approvals: Approvals,
    evaluation: Evaluation,
    world: World,
    events: Vec<Event>,
    proposed: BTreeSet<PlanId>,
    landed_plans: BTreeSet<PlanId>,
    /// Plans that could not be carried out.
    refused: BTreeSet<PlanId>,
    /// Files that landings changed.
    touched: BTreeSet<crate::model::place::RepoPath>,
}

type Landed = BTreeSet<(PipelineId, usize)>;

impl Simulation<'_> {
    fn plan(&self, landed: &Landed) -> Plan {
        let ask = Ask {
            approvals: Some(self.approvals.clone()),
            landed: landed.clone(),
            asked: None,
            ..Ask::default()
        };
        self.evaluation.plan(&self.world, self.call.now, &ask)
    }

    /// Runs until a run changes nothing. Answers how many did, and why it was given up, if it was.
    fn play(&mut self) -> Result<(usize, Option<String>), Failure> {
        let stages: usize = self
            .evaluation
            .resolved
            .iter()
            .map(|pipeline| pipeline.stages.len())
            .sum();
        // A pipeline at rest needs one run for each stage in a row; what needs many times more goes round.
        let most = 4 * stages + 16;
        for round in 0..most {
            match self.round()? {
                Round::Rest => return Ok((round, None)),
                Round::Moved => {}
                Round::CameBack(reason) => return Ok((round + 1, Some(reason))),
            }
        }
        Ok((
            most,
            Some("after many runs there is still something new to promote".to_owned()),
        ))
    }

    /// One run: proposes, approves and lands until nothing more is due in it.
    fn round(&mut self) -> Result<Round, Failure> {
        let mut landed = Landed::new();
        let mut opened = 0;
        let mut moved = false;
        loop {
            let plan = self.plan(&landed);
            let proposed = self.propose(&plan, &mut opened);
            let batch = self.batch(&plan);
            moved |= proposed || !batch.is_empty();
            if batch.is_empty() {
                return Ok(if moved { Round::Moved } else { Round::Rest });
            }
            for (id, promotion) in batch {
                let plan = promotion.plan;
                if plan.is_some_and(|plan| !self.landed_plans.insert(plan)) {
                    let shown = plan.map(|plan| plan.shown()).unwrap_or_default();
                    self.evaluation = Evaluation::of(&self.world, self.call.now, true)?;
                    return Ok(Round::CameBack(format!(
                        "the plan {shown} for {} came back",
                        promotion.stage
                    )));
                }
                landed.insert((id, promotion.index));
                if let Err(refused) = self.land(id, &promotion) {
                    // What one promotion cannot do leaves the others moving.
                    self.refused.extend(plan);
                    let reason = refused.message;
                    self.event(id, &promotion, What::Refused { reason });
                }
            }
            self.evaluation = Evaluation::of(&self.world, self.call.now, true)?;
        }
    }

    fn event(&mut self, id: PipelineId, promotion: &Promotion, what: What) {
        let Some(plan) = promotion.plan else { return };
        self.events.push(Event {
            at: self.call.now,
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

    /// Proposes what is due and new, as many as the policy allows in one run, and lets people approve.
    fn propose(&mut self, plan: &Plan, opened: &mut u32) -> bool {
        // What the gates wait for before anybody has approved: planned once, and only where something is new.
        let mut unapproved: Option<Plan> = None;
        let mut any = false;
        for (entry_index, entry) in plan.pipelines.iter().enumerate() {
            for (index, promotion) in entry.promotions.iter().enumerate() {
                let Some(id) = promotion.plan.filter(|_| promotion.state == State::Due) else {
                    continue;
                };
                if self.proposed.contains(&id) || *opened >= self.world.policy.limits.open {
                    continue;
                }
                *opened += 1;
                any = true;
                self.proposed.insert(id);
                let changes = promotion.changes.clone();
                self.event(entry.id, promotion, What::Proposed { changes });
                let before = unapproved.get_or_insert_with(|| {
                    let nobody = Ask {
                        approvals: Some(Approvals::default()),
                        ..Ask::default()
                    };
                    self.evaluation.plan(&self.world, self.call.now, &nobody)
                });
                let gates = before.pipelines[entry_index].promotions[index]
                    .gates
                    .clone();
                self.gates(entry.id, promotion, &gates);
            }
        }
        any
    }

    /// What the gates wait for when a plan is proposed, and who approves it then.
    fn gates(&mut self, id: PipelineId, promotion: &Promotion, gates: &[GateReport]) {
        let mut asks_people = false;
        for gate in gates {
            if gate.judgement.verdict != Verdict::Pass {
                asks_people |= gate.kind == GateKind::Approval;
                let reason = gate.judgement.reason.clone();
                let gate = gate.name.clone();
                self.event(id, promotion, What::Waits { gate, reason });
            }
        }
        if asks_people {
            for name in self.approvals.names.clone() {
                self.event(id, promotion, What::Approved { by: name });
            }
        }
    }

    /// Promotions that may land now and do not touch each other: none takes from what another of them writes.
    fn batch(&self, plan: &Plan) -> Vec<(PipelineId, Promotion)> {
        let mut written: BTreeSet<ManifestKey> = BTreeSet::new();
        let mut batch = Vec::new();
        for entry in &plan.pipelines {
            for promotion in &entry.promotions {
                let proposed = promotion
                    .plan
                    .is_some_and(|plan| self.proposed.contains(&plan));
                let refused = promotion
                    .plan
                    .is_some_and(|plan| self.refused.contains(&plan));
                // At most one landing per stage and run.
                let again = batch.iter().any(|(id, other): &(PipelineId, Promotion)| {
                    *id == entry.id && other.index == promotion.index
                });
                if !promotion.may_land() || !proposed || refused || again {
                    continue;
                }
                let resolved = &self.evaluation.resolved[entry.id.0];
                let services = resolved.stages[promotion.index].services.len();
                let takes_from: Vec<ManifestKey> = (0..services)
                    .filter_map(|service| {
                        Pair::of(
                            &self.evaluation.catalog,
                            &self.world.policy,
                            resolved,
                            promotion.index,
                            service,
                        )
                    })
                    .flat_map(|pair| {
                        let secret = pair.source_secret.map(|secret| secret.key.clone());
                        std::iter::once(pair.source.key.clone()).chain(secret)
                    })
                    .collect();
                if takes_from.iter().any(|key| written.contains(key)) {
                    continue;
                }
                written.extend(
                    promotion
                        .changes
                        .iter()
                        .map(|change| change.manifest.clone()),
                );
                batch.push((entry.id, promotion.clone()));
            }
        }
        batch
    }

    /// Lands a promotion: in memory, as a commit where there is a repository.
    fn land(&mut self, id: PipelineId, promotion: &Promotion) -> Result<(), Failure> {
        let files = edited_files(&promotion.changes, |path| self.world.bytes(path))?;
        let pipeline = self.evaluation.catalog.pipeline(id).clone();
        if let (Some(repo), Some(tip)) = (&self.world.repo, self.world.tip) {
            let target = Target {
                repository: String::new(),
                base: self.world.branch.clone().unwrap_or_default(),
                requested_by: None,
                reason: None,
                emergency: None,
            };
            let blob =
                |path: &crate::model::place::RepoPath| self.world.file(path).map(|file| file.blob);
            let trailers = record(
                pipeline.namespace.as_deref(),
                pipeline.name.as_str(),
                promotion,
                &target,
                blob,
            )
            .map(|record| record.trailers())
            .unwrap_or_default();
            let message = format!(
                "{}\n\n{}\n{trailers}",
                message::subject(pipeline.name.as_str(), promotion),
                message::body(promotion)
            );
            let contents: Vec<(String, Vec<u8>)> = files
                .iter()
                .map(|file| (file.path.to_string(), file.after.clone()))
                .collect();
            let author = Author {
                name: "sluice simulate".to_owned(),
                email: "simulate@sluice.invalid".to_owned(),
                time: GitTime {
                    unix_seconds: self.call.now.as_second(),
                    offset_minutes: 0,
                },
            };
            self.world.tip = Some(repo.write_commit(Some(&tip), &contents, &message, &author)?);
        }
        let lines = files
            .iter()
            .map(|file| changed_lines(&file.before, &file.after))
            .sum();
        let count = files.len();
        for file in files {
            self.touched.insert(file.path.clone());
            self.world.put(&file.path, file.after)?;
        }
        self.event(
            id,
            promotion,
            What::Committed {
                files: count,
                lines,
            },
        );
        Ok(())
    }

    /// Why it stops where it does.
    fn end(&self, plan: &Plan) -> End {
        let mut reasons = Vec::new();
        let mut gates: BTreeMap<String, String> = BTreeMap::new();
        let mut unopened = 0;
        for entry in &plan.pipelines {
            let name = &self.evaluation.catalog.pipeline(entry.id).name;
            if let Some(stopped) = &entry.stopped {
                reasons.push(format!("{name} does not move: {stopped}"));
                continue;
            }
            for promotion in &entry.promotions {
                match promotion.state {
                    State::InSync => {}
                    State::Due
                        if promotion
                            .plan
                            .is_some_and(|plan| !self.proposed.contains(&plan)) =>
                    {
                        unopened += 1;
                    }
                    State::Due
                        if promotion
                            .plan
                            .is_some_and(|plan| self.refused.contains(&plan)) =>
                    {
                        reasons.push(format!("{name} → {} was refused", promotion.stage));
                    }
                    State::Due => {
                        for gate in promotion
                            .gates
                            .iter()
                            .filter(|gate| gate.judgement.verdict != Verdict::Pass)
                        {
                            let reason = if gate.kind == GateKind::Approval
                                && self.approvals.names.is_empty()
                            {
                                format!(
                                    "Stopped at {}: nobody approved. Try --approve NAME",
                                    gate.name
                                )
                            } else {
                                format!("Stopped at {}: {}", gate.name, gate.judgement.reason)
                            };
                            gates.insert(gate.name.to_string(), reason);
                        }
                    }
                    State::Held => reasons.push(format!(
                        "{name} → {} is held: {}",
                        promotion.stage, promotion.reason
                    )),
                    State::Ahead => {
                        reasons.push(format!(
                            "{name} → {} is ahead of its source: {}",
                            promotion.stage, promotion.reason
                        ));
                    }
                    State::Error => reasons.push(format!(
                        "{name} → {} is in error: {}",
                        promotion.stage, promotion.reason
                    )),
                }
            }
        }
        reasons.extend(gates.into_values());
        if unopened > 0 {
            reasons.push(format!(
                "{unopened} more are due and were not opened: `limits.open` of the policy"
            ));
        }
        if reasons.is_empty() {
            End::InSync
        } else {
            End::Stopped { reasons }
        }
    }

    /// The promoted values of every service that takes part, by service and slot.
    fn stage_values(&self) -> BTreeMap<(PipelineId, usize, ServiceId), BTreeMap<Slot, Text>> {
        let mut slots: BTreeMap<(PipelineId, ServiceId), BTreeSet<Slot>> = BTreeMap::new();
        let mut keys = BTreeMap::new();
        let Evaluation {
            catalog,
            resolved,
            revisions,
            ..
        } = &self.evaluation;
        for (place, pair) in pairs(catalog, &self.world.policy, resolved) {
            let revision = pair
                .revision_query()
                .and_then(|query| revisions.get(&query));
            let taken = pair.compare(revision).taken;
            for (service, secret) in [
                (pair.source_id, pair.source_secret),
                (pair.target_id, pair.target_secret),
            ] {
                slots
                    .entry((place.pipeline, service))
                    .or_default()
                    .extend(taken.keys().cloned());
                keys.insert((place.pipeline, service), (pair.keys, secret));
            }
        }
        let mut found = BTreeMap::new();
        for pipeline in resolved {
            for stage in 0..pipeline.stages.len() {
                for service in pipeline.stages[stage]
                    .services
                    .iter()
                    .filter_map(|entry| entry.service.found())
                {
                    let Some((keys, secret)) = keys.get(&(pipeline.id, service)) else {
                        continue;
                    };
                    let mut all =
                        values(catalog.service(service), *secret, keys, &self.world.policy);
                    let wanted = &slots[&(pipeline.id, service)];
                    all.retain(|slot, _| wanted.contains(slot));
                    found.insert((pipeline.id, stage, service), all);
                }
            }
        }
        found
    }

    fn stages(
        &self,
        before: &BTreeMap<(PipelineId, usize, ServiceId), BTreeMap<Slot, Text>>,
    ) -> Vec<StageEnd> {
        let after = self.stage_values();
        let catalog = &self.evaluation.catalog;
        // What moved anywhere in a pipeline is shown in all its stages; where nothing moved, everything is.
        let mut moved: BTreeMap<PipelineId, BTreeSet<&Slot>> = BTreeMap::new();
        for (place, now) in &after {
            let was = before.get(place);
            for slot in now.keys().chain(was.into_iter().flat_map(BTreeMap::keys)) {
                if now.get(slot) != was.and_then(|was| was.get(slot)) {
                    moved.entry(place.0).or_default().insert(slot);
                }
            }
        }
        let mut stages: Vec<StageEnd> = Vec::new();
        for pipeline in &self.evaluation.resolved {
            let manifest = catalog.pipeline(pipeline.id);
            for (index, stage) in manifest.stages.iter().enumerate() {
                let mut values = Vec::new();
                for ((_, _, service), now) in after.range(
                    (pipeline.id, index, ServiceId(0))..(pipeline.id, index + 1, ServiceId(0)),
                ) {
                    let was = before.get(&(pipeline.id, index, *service));
                    let slots: BTreeSet<&Slot> = now
                        .keys()
                        .chain(was.into_iter().flat_map(BTreeMap::keys))
                        .filter(|slot| {
                            moved
                                .get(&pipeline.id)
                                .is_none_or(|moved| moved.contains(slot))
                        })
                        .collect();
                    for slot in slots {
                        let (now, was) = (now.get(slot), was.and_then(|was| was.get(slot)));
                        let secret = [now, was]
                            .into_iter()
                            .flatten()
                            .any(|text| text.shown().is_none());
                        let shown =
                            |text: Option<&Text>| text.and_then(Text::shown).map(str::to_owned);
                        values.push(ValueEnd {
                            service: catalog.service(*service).key.name.clone(),
                            field: field(slot),
                            now: shown(now),
                            was: shown(was),
                            secret: secret.then_some(now != was),
                        });
                    }
                }
                stages.push(StageEnd {
                    pipeline: manifest.name.clone(),
                    stage: stage.name.value.clone(),
                    values,
                });
            }
        }
        stages
    }
}

enum Round {
    Rest,
    Moved,
    CameBack(String),
}

fn field(slot: &Slot) -> String {
    match slot {
        Slot::GitRef => "ref".to_owned(),
        Slot::HelmVersion => "chart version".to_owned(),
        Slot::HelmChart => "chart".to_owned(),
        Slot::Key(key) => key.clone(),
        Slot::Field(path) => path
            .last_key()
            .map_or_else(|| path.to_string(), str::to_owned),
    }
}

/// How many lines of the new content are not in the old one.
fn changed_lines(before: &[u8], after: &[u8]) -> usize {
    let (before, after) = (
        String::from_utf8_lossy(before),
        String::from_utf8_lossy(after),
    );
    similar::TextDiff::from_lines(before.as_ref(), after.as_ref())
        .iter_all_changes()
        .filter(|change| change.tag() == similar::ChangeTag::Insert)
        .count()
}
