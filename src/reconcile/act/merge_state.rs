//! What GitHub requires before it merges a pull request.

use std::collections::BTreeMap;

use crate::forge::CONTEXT;
use crate::model::fetched::Fetched;
use crate::model::merge_state::{ContextState, MergeState, Required, ReviewDecision};
use crate::model::pull::Pull;
use crate::model::settings::{Rule, RuleFrom, RuleKind};
use crate::reconcile::round::Round;
use crate::reconcile::state::RunState;

/// Whether the base branch requires the status `sluice`; `false` also if that could not be read.
pub(crate) async fn requires_own_status(round: &Round<'_>, run: &mut RunState) -> bool {
    let protection = &round.observation.snapshot.protection;
    if matches!(protection, Ok(protection) if protection.contexts.contains(CONTEXT)) {
        return true;
    }
    let rules = run
        .branch_rules
        .read(round.session, &round.observation.snapshot)
        .await;
    let mut contexts = rules.iter().flatten().filter_map(|rule| match &rule.kind {
        RuleKind::StatusChecks { contexts, .. } => Some(contexts),
        _ => None,
    });
    contexts.any(|contexts| contexts.iter().any(|context| context.name == CONTEXT))
}

/// What GitHub requires of a pull request apart from the status `sluice`, and how far it meets that.
pub(crate) async fn merge_state(round: &Round<'_>, pull: &Pull, run: &mut RunState) -> MergeState {
    let rules = run
        .branch_rules
        .read(round.session, &round.observation.snapshot)
        .await;
    let review = pull.review;
    let reviews_bind = match review {
        None | Some(ReviewDecision::Approved) => false,
        Some(_) => reviews_bind(round, &rules, run).await,
    };
    MergeState {
        mergeable: pull.mergeable,
        draft: pull.draft,
        review,
        reviews_bind,
        required: required(round, pull, &rules, run).await,
    }
}

async fn reviews_bind(round: &Round<'_>, rules: &Fetched<Vec<Rule>>, run: &mut RunState) -> bool {
    if matches!(&round.observation.snapshot.protection, Ok(protection) if protection.reviews) {
        return true;
    }
    for rule in rules.iter().flatten() {
        let asks = matches!(
            &rule.kind,
            RuleKind::PullRequest { reviews, code_owners, .. } if *reviews > 0 || *code_owners
        );
        if asks && run.branch_rules.binds(round.session, &rule.from).await {
            return true;
        }
    }
    false
}

/// The required contexts except `sluice`, with their states on the head.
async fn required(
    round: &Round<'_>,
    pull: &Pull,
    rules: &Fetched<Vec<Rule>>,
    run: &mut RunState,
) -> Fetched<BTreeMap<String, Required>> {
    let protection = &round.observation.snapshot.protection;
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
    let reported = round.session.forge.contexts_on(&pull.head).await?;
    let mut found: BTreeMap<String, Required> = BTreeMap::new();
    for (name, app, from) in wanted {
        let state = ContextState::of(&name, app, &reported);
        let binds = match from {
            Some(from) if state != ContextState::Success => {
                run.branch_rules.binds(round.session, from).await
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
