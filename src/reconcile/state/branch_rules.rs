//! GitHub's rules for the base branch.

use std::collections::BTreeMap;

use crate::model::fetched::Fetched;
use crate::model::pull::Snapshot;
use crate::model::settings::{Rule, RuleFrom};
use crate::session::Session;

/// What is known about the rules of the base branch, if the look does not show them. Then they are read once per run, and
/// only if something is about to be opened or merged.
#[derive(Default)]
pub(crate) struct BranchRules {
    /// The rules, once they were read.
    pub(crate) rules: Option<Fetched<Vec<Rule>>>,
    /// Whether a ruleset binds this token, by its ID.
    pub(crate) binding: BTreeMap<u64, bool>,
}

impl BranchRules {
    /// The rules of all rulesets for the base branch.
    pub(crate) async fn read(
        &mut self,
        session: &Session,
        snapshot: &Snapshot,
    ) -> Fetched<Vec<Rule>> {
        if let Some(rules) = &snapshot.rules {
            return Ok(rules.clone());
        }
        if let Some(rules) = &self.rules {
            return rules.clone();
        }
        let rules = session.forge.rules_of(&snapshot.base).await;
        self.rules.insert(rules).clone()
    }

    /// Whether a rule binds this token. If that is not known, it does not: GitHub decides then.
    pub(crate) async fn binds(&mut self, session: &Session, from: &RuleFrom) -> bool {
        let RuleFrom::Ruleset(number) = from else {
            return true;
        };
        if let Some(known) = self.binding.get(number) {
            return *known;
        }
        let binds = session.forge.is_bound_by(*number).await;
        *self.binding.entry(*number).or_insert(binds == Some(true))
    }
}
