//! What GitHub asks for before it merges a pull request: read only for one that is about to be merged.

use std::collections::BTreeMap;

use super::Memory;
use super::turn::Turn;
use crate::forge::CONTEXT;
use crate::model::fetched::Fetched;
use crate::model::merge_state::{ContextState, MergeState, Required, ReviewDecision};
use crate::model::pull::Pull;
use crate::model::settings::{Rule, RuleFrom, RuleKind};

/// What is known of the rules of the base branch. They are read once a run, and only if something is about to be opened or merged.
#[derive(Default)]
pub(super) struct BranchRules {
    rules: Option<Fetched<Vec<Rule>>>,
    /// Whether rulesets bind this token.
    binding: BTreeMap<u64, bool>,
}

impl BranchRules {
    /// What rulesets demand of the base branch.
    async fn read(&mut self, turn: &Turn<'_>) -> Fetched<Vec<Rule>> {
        if let Some(rules) = &self.rules {
            return rules.clone();
        }
        let rules = turn.session.forge.rules_of(&turn.seen.snapshot.base).await;
        self.rules.insert(rules).clone()
    }

    /// Whether a rule binds this token. One that cannot be told leaves the answer to GitHub.
    async fn binds(&mut self, turn: &Turn<'_>, from: &RuleFrom) -> bool {
        let RuleFrom::Ruleset(number) = from else {
            return true;
        };
        if let Some(known) = self.binding.get(number) {
            return *known;
        }
        let binds = turn.session.forge.is_bound_by(*number).await;
        *self.binding.entry(*number).or_insert(binds == Some(true))
    }
}

/// Whether the status `sluice` is itself required, as far as that can be told.
pub(super) async fn requires_own_status(turn: &Turn<'_>, memory: &mut Memory) -> bool {
    let protection = &turn.seen.snapshot.protection;
    if matches!(protection, Ok(protection) if protection.contexts.contains(CONTEXT)) {
        return true;
    }
    let rules = memory.branch_rules.read(turn).await;
    let mut contexts = rules.iter().flatten().filter_map(|rule| match &rule.kind {
        RuleKind::StatusChecks { contexts, .. } => Some(contexts),
        _ => None,
    });
    contexts.any(|contexts| contexts.iter().any(|context| context.name == CONTEXT))
}

/// What stands between a pull request and its merge, apart from the status `sluice`.
pub(super) async fn merge_state(turn: &Turn<'_>, pull: &Pull, memory: &mut Memory) -> MergeState {
    let rules = memory.branch_rules.read(turn).await;
    let review = pull.review;
    let reviews_bind = match review {
        None | Some(ReviewDecision::Approved) => false,
        Some(_) => reviews_bind(turn, &rules, memory).await,
    };
    MergeState {
        mergeable: pull.mergeable,
        draft: pull.draft,
        review,
        reviews_bind,
        required: required(turn, pull, &rules, memory).await,
    }
}

async fn reviews_bind(turn: &Turn<'_>, rules: &Fetched<Vec<Rule>>, memory: &mut Memory) -> bool {
    if matches!(&turn.seen.snapshot.protection, Ok(protection) if protection.reviews) {
        return true;
    }
    for rule in rules.iter().flatten() {
        let asks = matches!(
            &rule.kind,
            RuleKind::PullRequest { reviews, code_owners, .. } if *reviews > 0 || *code_owners
        );
        if asks && memory.branch_rules.binds(turn, &rule.from).await {
            return true;
        }
    }
    false
}

/// The required contexts besides `sluice`, with how they are reported on the head.
async fn required(
    turn: &Turn<'_>,
    pull: &Pull,
    rules: &Fetched<Vec<Rule>>,
    memory: &mut Memory,
) -> Fetched<BTreeMap<String, Required>> {
    let protection = &turn.seen.snapshot.protection;
    let classic = protection
        .iter()
        .flat_map(|protection| &protection.contexts);
    let mut wanted: Vec<(String, Option<u64>, Option<&RuleFrom>)> =
        classic.map(|name| (name.clone(), None, None)).collect();
    for rule in rules.iter().flatten() {
        if let RuleKind::StatusChecks { contexts, .. } = &rule.kind {
            let of_rule = contexts.iter();
            wanted.extend(of_rule.map(|one| (one.name.clone(), one.app, Some(&rule.from))));
        }
    }
    wanted.retain(|(name, _, _)| name != CONTEXT);
    let unread = protection.as_ref().err().or(rules.as_ref().err());
    if wanted.is_empty() {
        return unread.map_or_else(|| Ok(BTreeMap::new()), |why| Err(why.clone()));
    }
    let reported = turn.session.forge.contexts_on(&pull.head).await?;
    let mut found: BTreeMap<String, Required> = BTreeMap::new();
    for (name, app, from) in wanted {
        let state = ContextState::of(&name, app, &reported);
        let binds = match from {
            Some(from) if state != ContextState::Success => {
                memory.branch_rules.binds(turn, from).await
            }
            _ => true,
        };
        let worse = |known: &Required| {
            let open = |one: &Required| one.binds && one.state != ContextState::Success;
            !open(known) && open(&Required { state, binds })
        };
        match found.get_mut(&name) {
            Some(known) if worse(known) => *known = Required { state, binds },
            Some(_) => {}
            None => {
                found.insert(name, Required { state, binds });
            }
        }
    }
    Ok(found)
}
