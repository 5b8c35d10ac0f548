//! The rounds of a simulation: each is one run that proposes, lets people approve, and lands.

use std::collections::BTreeSet;

use super::{Landed, Round, Simulation};
use crate::copy::Pair;
use crate::error::Failure;
use crate::evaluation::evaluate::Evaluation;
use crate::execute::{Target, edited_files, record};
use crate::model::facts::Approvals;
use crate::model::ids::PipelineId;
use crate::model::pipeline::GateKind;
use crate::model::plan::{GateReport, Plan, Promotion};
use crate::model::reference::ManifestKey;
use crate::model::timeline::What;
use crate::model::verdict::Verdict;
use crate::render;
use crate::repo::{Author, GitTime};

impl Simulation<'_> {
    /// Plays rounds until one changes nothing and the clock has nowhere to go. Returns how many rounds there were, and
    /// if it was given up, why.
    pub(super) fn play(&mut self) -> Result<(usize, Option<String>), Failure> {
        let stages: usize = self
            .evaluation
            .resolved
            .iter()
            .map(|pipeline| pipeline.stages.len())
            .sum();
        // A pipeline needs about one run per stage to come to rest; one that needs many times more goes in circles.
        let most = 4 * stages + 16;
        let (mut round, mut moved) = (0, 0);
        while moved < most {
            match self.round()? {
                Round::Rest if self.wait() => {}
                Round::Rest => return Ok((round, None)),
                Round::Moved => moved += 1,
                Round::CameBack(reason) => return Ok((round + 1, Some(reason))),
            }
            round += 1;
        }
        Ok((
            round,
            Some("after many runs there is still something new to promote".to_owned()),
        ))
    }

    /// One run: proposes, approves and lands until it can land nothing more.
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
                    self.evaluation = Evaluation::of(&self.repository, self.now, true)?;
                    return Ok(Round::CameBack(format!(
                        "the plan {shown} for {} became due again",
                        promotion.stage
                    )));
                }
                landed.insert((id, promotion.index));
                if let Err(refused) = self.land(id, &promotion) {
                    // A promotion that cannot land does not stop the others.
                    self.refused.extend(plan);
                    let reason = refused.message;
                    self.event(id, &promotion, What::Refused { reason });
                }
            }
            self.evaluation = Evaluation::of(&self.repository, self.now, true)?;
        }
    }

    /// Proposes what is due and new, as many as the policy allows per run, and lets people approve. Whether anything
    /// was proposed.
    fn propose(&mut self, plan: &Plan, opened: &mut u32) -> bool {
        self.tell_holds(plan);
        // What the gates wait for before anyone has approved. Planned once, and only if something is new.
        let mut unapproved: Option<Plan> = None;
        let mut any = false;
        for (entry_index, entry) in plan.pipelines.iter().enumerate() {
            for (index, promotion) in entry.promotions.iter().enumerate() {
                let Some(id) = promotion.plan.filter(|_| promotion.proposable) else {
                    continue;
                };
                if self.proposed.contains_key(&id) || *opened >= self.repository.policy.limits.open
                {
                    continue;
                }
                *opened += 1;
                any = true;
                self.proposed.insert(id, self.now);
                if self.requested.contains(&(entry.id, promotion.index)) {
                    self.event(entry.id, promotion, What::Requested);
                }
                let changes = promotion.changes.clone();
                self.event(entry.id, promotion, What::Proposed { changes });
                let before = unapproved.get_or_insert_with(|| {
                    let nobody = Approvals {
                        assumed: true,
                        ..Approvals::default()
                    };
                    self.plan_with(nobody, &Landed::new())
                });
                let gates = before.pipelines[entry_index].promotions[index]
                    .gates
                    .clone();
                self.gates(entry.id, promotion, &gates);
            }
        }
        any
    }

    /// Adds to the timeline what the gates wait for when a plan is proposed, and who then approves it.
    fn gates(&mut self, id: PipelineId, promotion: &Promotion, gates: &[GateReport]) {
        let mut asks_people = false;
        for gate in gates {
            if gate.judgement.verdict == Verdict::Pass {
                let reason = gate.judgement.reason.clone();
                let gate = gate.name.clone();
                self.event(id, promotion, What::Opens { gate, reason });
            } else {
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

    /// Promotions that may land now and are independent: none takes from what another one of them writes.
    fn batch(&self, plan: &Plan) -> Vec<(PipelineId, Promotion)> {
        let mut written: BTreeSet<ManifestKey> = BTreeSet::new();
        let mut batch = Vec::new();
        for entry in &plan.pipelines {
            for promotion in &entry.promotions {
                let proposed = promotion
                    .plan
                    .is_some_and(|plan| self.proposed.contains_key(&plan));
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
                            &self.repository.policy,
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

    /// Lands a promotion in memory; in a git repository as a commit.
    fn land(&mut self, id: PipelineId, promotion: &Promotion) -> Result<(), Failure> {
        let files = edited_files(&promotion.changes, |path| self.repository.bytes(path))?;
        let pipeline = self.evaluation.catalog.pipeline(id).clone();
        if let (Some(repo), Some(tip)) = (&self.repository.repo, self.repository.tip) {
            let target = Target {
                repository: String::new(),
                base: self.repository.branch.clone().unwrap_or_default(),
                requested_by: None,
                reason: None,
                emergency: None,
            };
            let blob = |path: &crate::model::source_location::RepoPath| {
                self.repository.file(path).map(|file| file.blob)
            };
            let trailers = record(
                pipeline.namespace.as_deref(),
                pipeline.name.as_str(),
                promotion,
                &target,
                blob,
            )
            .map(|record| record.trailers())
            .unwrap_or_default();
            let texts = &self.repository.policy.texts;
            let subject = render::subject(texts, pipeline.name.as_str(), promotion).text;
            let message = render::promotion_message(subject, promotion, &trailers).whole();
            let contents: Vec<(String, Vec<u8>)> = files
                .iter()
                .map(|file| (file.path.to_string(), file.after.clone()))
                .collect();
            let author = Author {
                name: "sluice simulate".to_owned(),
                email: "simulate@sluice.invalid".to_owned(),
                time: GitTime {
                    unix_seconds: self.now.as_second(),
                    offset_minutes: 0,
                },
            };
            self.repository.tip =
                Some(repo.write_commit(Some(&tip), &contents, &message, &author)?);
        }
        let lines = files
            .iter()
            .map(|file| changed_lines(&file.before, &file.after))
            .sum();
        let count = files.len();
        for file in files {
            self.touched.insert(file.path.clone());
            self.repository.put(&file.path, file.after)?;
        }
        for change in &promotion.changes {
            self.since.insert(change.manifest.clone(), self.now);
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
}

/// How many lines of the new content are added or changed.
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
