//! What holds a promotion that has something to change: holds and freezes, triggers, sources that are not ready, guards.

use super::pipeline::Planner;
use super::promotion_draft::PromotionDraft;
use super::reason::Reason;
use crate::model::facts::ReadyQuery;
use crate::model::plan::State;
use crate::model::policy::{EmergencySkip, Ready, Ruled, Trigger};
use crate::model::resolved::StageIndex;
use crate::model::verdict::Verdict;
use crate::plan::hold::{Held, frozen, until};
use crate::plan::{gates, ready, when};
use crate::yaml::Position;

/// What holds a stage that nothing sets off. People search for this sentence; keep it.
const NOTHING_SAYS: &str = "no trigger: the stage has no gate, its source has no `ready` rule, and `trigger: auto` is not set";

impl<'a> Planner<'a> {
    /// The holds of the policy that apply to this stage now.
    pub(super) fn held(&self, stage: StageIndex) -> Held<'a> {
        Held {
            pipeline: &self.manifest.name,
            stage: &self.manifest.stages[stage].name.value,
            now: self.facts.now,
        }
    }

    /// Everything that holds a promotion which has something to change.
    pub(super) fn hold(&self, stage: StageIndex, edges: &[usize], draft: &mut PromotionDraft) {
        for gate in edges
            .iter()
            .flat_map(|edge| &self.manifest.edges[*edge].gates)
        {
            if gates::is_unmapped(self.facts.policy, &self.manifest.name, gate) {
                let help = "sluice validate shows the lines to add".to_owned();
                let why = format!("the policy has no rule for the gate {}", gate.name);
                draft.errors.push((why, Some(help)));
            }
        }
        let policy = self.facts.policy;
        let name = &self.manifest.stages[stage].name.value;
        let own = policy.stage(&self.manifest.name, name);
        let held = self.held(stage);
        if let Some(why) = &self.facts.frozen {
            draft
                .holds
                .push(Reason::new(format!("frozen by this run's input: {why}")).only_landing());
        }
        if let Some(freeze) = frozen(policy, self.facts.now)
            && !self.skips(stage, EmergencySkip::Freeze)
        {
            let reason = Reason::new(format!("frozen until {}: {}", until(freeze), freeze.reason));
            draft
                .holds
                .push(reason.only_landing().until(Some(freeze.until)));
        }
        if let Some(hold) = held.stage(policy) {
            let ends = hold.until.map(|until| until.timestamp());
            let mut text = format!("held: {}", hold.reason);
            if let Some(ends) = ends {
                text.push_str(&format!(" (until {})", when::utc(ends, self.facts.now)));
            }
            draft.holds.push(Reason::new(text).at(hold.at).until(ends));
        }
        if self.facts.landed.contains(&(self.id(), stage)) {
            let reason = match &draft.after_rollback {
                Some(back) => Reason::new(back.to_string())
                    .help("the next run opens what was rolled back, and holds it"),
                None => Reason::new("it already landed in this run; the next run continues"),
            };
            draft.holds.push(reason);
        }

        if let Some(Ok(rollback)) = self.facts.rollbacks.get(&(self.id(), stage))
            && draft.rollback.is_none()
        {
            let from: Vec<&str> = rollback
                .edges
                .iter()
                .map(|edge| edge.from.as_str())
                .collect();
            let text = format!(
                "{name} goes back along its edge from {} first: nothing else is promoted into it until that has landed or is closed",
                from.join(", ")
            );
            draft.holds.push(Reason::new(text));
        }
        if let Some(back) = draft.after_rollback.clone() {
            self.hold_after_rollback(stage, &back, draft);
        }
        // A request for a rollback is the trigger, and what a source holds now does not matter.
        if draft.rollback.is_some() {
            return;
        }
        let any_gate = edges
            .iter()
            .any(|edge| !self.manifest.edges[*edge].gates.is_empty());
        let any_ready = edges
            .iter()
            .filter_map(|edge| self.source_stage(*edge))
            .any(|from| self.ready_rule(from).is_some());
        match own.and_then(|ruled| ruled.rule.trigger.map(|trigger| (trigger, ruled.at))) {
            Some((Trigger::Auto, _)) => {}
            Some((Trigger::Manual, at)) if !self.asked(stage) => {
                let reason = Reason::new("promoted only on a person's request (`trigger: manual`)").at(at);
                draft.holds.push(reason.help(self.how_to_ask(stage)));
            }
            Some((Trigger::Manual, _)) => {}
            None if any_gate || any_ready => {}
            None => draft.holds.push(
                Reason::new(NOTHING_SAYS)
                    .help(format!("add a gate to its edge, or `stages: {{ {name}: {{ trigger: auto }} }}` to the policy")),
            ),
        }

        self.hold_backwards(stage, edges, draft);

        for edge in edges {
            let Some(from) = self.source_stage(*edge) else {
                continue;
            };
            let from_name = &self.manifest.stages[from].name.value;
            let takes = draft.takes_over.get(edge).copied().unwrap_or(false);
            match self.ready_rule(from) {
                // It is unknown whether what it brings is still good: its source has changed since.
                Some((_, at)) if takes && draft.older => draft.holds.push(
                    Reason::new(format!(
                        "{from_name} has changed since, so it cannot be determined whether this is ready: close it, or request \
                         changes, to release the newer plan"
                    ))
                    .at(at),
                ),
                Some((rule, at)) => self.hold_until_ready(stage, *edge, from, rule, at, draft),
                None => {}
            }
            if takes && self.facts.landed.contains(&(self.id(), from)) {
                let auto = self.rules(from).trigger == Some(Trigger::Auto);
                // What its `ready` rule lets leave, may leave at once.
                if !auto && self.ready_rule(from).is_none() {
                    draft.holds.push(Reason::new(format!(
                        "{from_name} landed in this run; the next run continues"
                    )));
                }
            }
            let state = self.states.get(&from).copied().unwrap_or(State::InSync);
            if !takes && !state.is_at_rest() {
                draft.holds.push(Reason::new(format!(
                    "guarded by {from_name}, which is not in sync"
                )));
            }
        }
    }

    /// How a person asks for a stage.
    pub(super) fn how_to_ask(&self, stage: StageIndex) -> String {
        let name = &self.manifest.stages[stage].name.value;
        let pipeline = &self.manifest.name;
        if self.facts.on_forge {
            format!("Run workflow with command promote, pipeline {pipeline} and to {name}")
        } else {
            format!("sluice promote --local --pipeline {pipeline} --to {name}")
        }
    }

    /// Holds of services in an open promotion: the plan stays as it is, so all of it waits.
    pub(super) fn hold_services(&self, stage: StageIndex, draft: &mut PromotionDraft) {
        let held = self.held(stage);
        for (_, pair) in self.pairs(stage) {
            let secret = pair.target_secret.map(|secret| &secret.key);
            let is_in_it = draft.changes.iter().any(|change| {
                change.manifest == pair.target.key || Some(&change.manifest) == secret
            });
            let hold = held.service(self.facts.policy, &pair.target.key.name);
            if let (true, Some(hold)) = (is_in_it, hold) {
                let ends = hold.until.map(|until| until.timestamp());
                let text = format!("{} is held: {}", pair.target.key.name, hold.reason);
                draft.holds.push(Reason::new(text).at(hold.at).until(ends));
            }
        }
    }

    pub(super) fn ready_rule(&self, from: StageIndex) -> Option<(&'a Ready, Position)> {
        let from = &self.manifest.stages[from].name.value;
        let ruled: Ruled<'a, _> = self.facts.policy.stage(&self.manifest.name, from)?;
        Some((ruled.rule.ready.as_ref()?, ruled.at))
    }

    /// Holds it while what it takes along an edge may not leave its stage yet.
    pub(super) fn hold_until_ready(
        &self,
        stage: StageIndex,
        edge: usize,
        from: StageIndex,
        rule: &Ready,
        at: Position,
        draft: &mut PromotionDraft,
    ) {
        let name = &self.manifest.stages[from].name.value;
        let Some(answers) = self.facts.ready else {
            let reason = Reason::new(format!("readiness of {name} unread: not on GitHub"));
            draft.holds.push(reason.at(at));
            return;
        };
        let skip_soak = self.skips(stage, EmergencySkip::Soak);
        let mut judgements = Vec::new();
        for query in self.ready_queries(stage, edge, from, draft) {
            match answers.get(&query) {
                None => draft
                    .errors
                    .push((format!("readiness of {name} was not read"), None)),
                Some(evidence) => {
                    let mut judgement = ready::evaluate(rule, evidence, self.facts.now, skip_soak);
                    if judgement.verdict != Verdict::Pass {
                        judgement.reason =
                            format!("{} in {name}: {}", evidence.service, judgement.reason);
                    }
                    judgements.push(judgement);
                }
            }
        }
        match ready::worst(judgements) {
            Some(judgement) if judgement.verdict == Verdict::Error => {
                draft.errors.push((judgement.reason, None));
            }
            Some(judgement) if judgement.verdict != Verdict::Pass => {
                let reason = Reason::new(judgement.reason).at(at).until(judgement.next);
                draft.holds.push(reason);
            }
            _ => {}
        }
    }

    /// Whose content must be ready before a promotion goes along an edge: what it takes that changes; on an edge along
    /// which nothing of this promotion is taken, all of the stage.
    pub(super) fn ready_queries(
        &self,
        stage: StageIndex,
        edge: usize,
        from: StageIndex,
        draft: &PromotionDraft,
    ) -> Vec<ReadyQuery> {
        let query = |source, target| ReadyQuery {
            pipeline: self.id(),
            from,
            source,
            target,
        };
        let taken: Vec<ReadyQuery> = draft
            .sources
            .iter()
            .filter(|(over, ..)| *over == edge)
            .map(|(_, service, source)| query(*source, Some((stage, *service))))
            .collect();
        // An edge along which nothing changes is joined all the same: all of its stage has to be ready.
        if !taken.is_empty() {
            return taken;
        }
        let services = self.resolved.stages[from].services.iter();
        services
            .filter_map(|entry| Some(query(entry.service.found()?, None)))
            .collect()
    }
}
