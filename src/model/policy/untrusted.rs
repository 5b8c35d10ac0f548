//! Accounts whose reports are not evidence: what a run's own account reports cannot decide what that run does, and anyone
//! who can write a workflow can report as GitHub Actions.

use super::document::Policy;
use super::gate::GateRule;
use super::named::Named;
use super::stage::{Ready, StageEntry};
use crate::model::name::{GateName, StageName};
use crate::yaml::Position;

/// An account whose reports are not evidence: that of the run's own token, or GitHub Actions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UntrustedAccount {
    /// Its login, for display.
    pub login: String,
    /// Its numeric ID; `None` if GitHub does not report it.
    pub id: Option<u64>,
    /// The ID of the App behind it; `None` for a person.
    pub app: Option<u64>,
}

impl UntrustedAccount {
    /// Whether it is the account of everyone's workflows.
    pub fn is_actions(&self) -> bool {
        self.login == "github-actions[bot]"
    }
}

/// A rule that trusts an account whose reports are not evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustingRule {
    /// The place of the rule's name in the policy file.
    pub at: Position,
    /// Whether it is a rule for stages, or for gates.
    pub of_stage: bool,
    /// Which rule, and what it expects from whom.
    pub what: String,
}

/// Whose reports a policy trusts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trusts {
    /// Some account's.
    pub accounts: bool,
    /// Some App's.
    pub apps: bool,
}

impl Policy {
    /// Whose reports this policy trusts.
    pub fn trusts(&self) -> Trusts {
        let mut trusts = Trusts::default();
        for gates in self.all_gates() {
            trusts.apps |= gates
                .iter()
                .any(|(_, rule)| matches!(rule, GateRule::Check(_)));
        }
        for stages in self.all_stages() {
            for ready in stages.iter().filter_map(|(_, entry)| entry.ready.as_ref()) {
                trusts.apps |= ready.check.is_some();
                trusts.accounts |= ready.creator.is_some() || ready.status.is_some();
            }
        }
        trusts
    }

    /// The rules that trust this account.
    pub fn rules_that_trust(&self, account: &UntrustedAccount) -> Vec<TrustingRule> {
        let mut found = Vec::new();
        for gates in self.all_gates() {
            for (name, rule) in gates.iter() {
                let GateRule::Check(check) = rule else {
                    continue;
                };
                if Some(check.app) == account.app {
                    found.push(TrustingRule {
                        at: name.at,
                        of_stage: false,
                        what: format!(
                            "the gate {} waits for a check of the App {}",
                            name.value, check.app
                        ),
                    });
                }
            }
        }
        for stages in self.all_stages() {
            for (name, entry) in stages.iter() {
                let asked = entry.ready.as_ref().and_then(|ready| ready.trusts(account));
                found.extend(asked.map(|asked| TrustingRule {
                    at: name.at,
                    of_stage: true,
                    what: format!("`ready` of {} depends on {asked}", name.value),
                }));
            }
        }
        found
    }

    fn all_gates(&self) -> impl Iterator<Item = &Named<GateName, GateRule>> {
        let own = self.pipelines.iter().map(|(_, entry)| &entry.gates);
        own.chain([&self.gates])
    }

    fn all_stages(&self) -> impl Iterator<Item = &Named<StageName, StageEntry>> {
        let own = self.pipelines.iter().map(|(_, entry)| &entry.stages);
        own.chain([&self.stages])
    }
}

impl Ready {
    /// What it trusts this account for.
    fn trusts(&self, account: &UntrustedAccount) -> Option<String> {
        let is_it = |id: u64| account.id == Some(id);
        if let Some(creator) = self.creator.filter(|id| is_it(*id)) {
            return Some(format!("deployments of the account {creator}"));
        }
        if let Some(status) = self.status.as_ref().filter(|status| is_it(status.creator)) {
            return Some(format!("statuses of the account {}", status.creator));
        }
        let check = self
            .check
            .as_ref()
            .filter(|check| account.app == Some(check.app))?;
        Some(format!("checks of the App {}", check.app))
    }
}
