//! What the checks look at, and the questions that several of them ask of it.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jiff::Timestamp;

use super::rules::{gates, stages};
use crate::model::catalog::Catalog;
use crate::model::label::approve_label;
use crate::model::pipeline::{Edge, EdgeEnds, GateKind};
use crate::model::policy::{Delivery, GateRule, Land, Policy};
use crate::model::settings::{
    AppEntry, Area, Bypass, Identity, PersonRole, Repository, Rule, RuleFrom, RuleKind, Settings,
    TokenKind, Unread,
};
use crate::model::slug::RepoSlug;
use crate::model::workflow::Installation;

/// The App of GitHub Actions on github.com.
pub(super) const ACTIONS_APP: u64 = 15368;

/// Everything that was read.
pub struct Facts<'a> {
    /// The repository's name.
    pub slug: &'a RepoSlug,
    /// The repository.
    pub repository: &'a Repository,
    /// How it is set up.
    pub settings: &'a Settings,
    /// Its policy.
    pub policy: PolicyFact<'a>,
    /// Its manifests; `None` if they could not be read.
    pub catalog: Option<&'a Catalog>,
    /// The workflow that reconciles it.
    pub installation: &'a Installation,
    /// The moment.
    pub now: Timestamp,
}

/// What there is of a policy.
#[derive(Clone, Copy, Debug)]
pub enum PolicyFact<'a> {
    /// It was read.
    Read(&'a Policy),
    /// There is none.
    Absent,
    /// It is there and means nothing: where, and why.
    Invalid(&'a str),
    /// It could not be looked for.
    Unread(&'a str),
}

static DEFAULT: LazyLock<Policy> = LazyLock::new(Policy::default);

/// A stage into which a way leads.
pub(super) struct Inbound {
    /// `pipeline → stage`.
    pub name: String,
    /// Every way into it has an APPROVAL gate.
    pub approval: bool,
    /// The labels that approve its gates.
    pub labels: Vec<String>,
    /// How a promotion into it is delivered.
    pub delivery: Delivery,
}

impl Facts<'_> {
    /// Whether a gate of the policy runs a workflow.
    pub(super) fn runs_workflows(&self) -> bool {
        gates(self.policy()).any(|gate| matches!(gate, GateRule::Workflow { .. }))
    }

    /// The policy, or the default one.
    pub(super) fn policy(&self) -> &Policy {
        match self.policy {
            PolicyFact::Read(policy) => policy,
            _ => &DEFAULT,
        }
    }

    pub(super) fn base(&self) -> &str {
        &self.repository.base
    }

    pub(super) fn kind(&self) -> Option<&TokenKind> {
        let identity = self.settings.identity.as_ref();
        identity.ok().map(|found| &found.kind)
    }

    /// The numeric ID of the App behind the token, if there is one and it is known.
    pub(super) fn app(&self) -> Option<u64> {
        match self.kind()? {
            TokenKind::Workflow => Some(ACTIONS_APP),
            TokenKind::App(_) => Some(self.settings.app.as_ref()?.as_ref().ok()?.id),
            TokenKind::Person => None,
        }
    }

    /// Whether it is known that the token lacks `issues: write`, without which GitHub lets it create no label.
    pub(super) fn lacks_issues(&self) -> bool {
        let unreadable = matches!(
            self.settings.areas.get(&Area::Issues),
            Some(Err(Unread::Forbidden(_) | Unread::Hidden))
        );
        let of_app = self.settings.app.as_ref().and_then(|app| app.as_ref().ok());
        let level = |app: &AppEntry| app.permissions.get("issues").cloned().unwrap_or_default();
        unreadable || of_app.is_some_and(|app| !["write", "admin"].contains(&&*level(app)))
    }

    /// Every rule of the base branch that could be read.
    pub(super) fn rules(&self) -> impl Iterator<Item = &Rule> {
        let rulesets = self.settings.base_rules.iter().flatten();
        let classic = self.settings.classic.iter();
        rulesets.chain(classic.flat_map(|classic| &classic.rules))
    }

    /// Whether no rule of the base branch can have been missed.
    pub(super) fn rules_known(&self) -> bool {
        let classic = self.settings.classic.as_ref();
        self.settings.base_rules.is_ok() && classic.is_ok_and(|classic| classic.unread.is_none())
    }

    /// Whether merges go through a queue.
    pub(super) fn queue(&self) -> bool {
        let merging = self.settings.merging.as_ref();
        merging.is_ok_and(|found| found.queue)
            || self
                .rules()
                .any(|rule| matches!(rule.kind, RuleKind::MergeQueue(_)))
    }

    /// Whether anything reaches the base branch without a pull request's merge: what of the policy says so.
    pub(super) fn direct(&self) -> Option<&'static str> {
        let policy = self.policy();
        if policy.land == Land::Exact {
            return Some("`land: exact`");
        }
        let named = stages(policy).any(|entry| entry.delivery == Delivery::Commit);
        named.then_some("`delivery: commit`")
    }

    /// Whether a rule binds this token.
    pub(super) fn bypass(&self, rule: &Rule) -> Bypass {
        let exempt = match &rule.from {
            RuleFrom::Ruleset(number) => {
                return match self.settings.rulesets.get(number) {
                    Some(Ok(ruleset)) => ruleset.bypass,
                    _ => Bypass::Unknown,
                };
            }
            RuleFrom::Classic(exempt) => exempt,
        };
        let Ok(Identity { login, kind, .. }) = &self.settings.identity else {
            return Bypass::Unknown;
        };
        let named = |names: &BTreeSet<String>, name: &str| {
            names.iter().any(|one| one.eq_ignore_ascii_case(name))
        };
        let free = match kind {
            TokenKind::Workflow => named(&exempt.apps, "github-actions"),
            TokenKind::App(slug) => named(&exempt.apps, slug),
            TokenKind::Person => {
                let admin = self.repository.role == PersonRole::Admin;
                named(&exempt.people, login) || (exempt.admins && admin)
            }
        };
        match (free, kind) {
            (true, _) => Bypass::Always,
            (false, TokenKind::Person) if !exempt.teams.is_empty() => Bypass::Unknown,
            (false, _) => Bypass::Never,
        }
    }

    /// The source of a rule, as text.
    pub(super) fn source(&self, rule: &Rule) -> String {
        match &rule.from {
            RuleFrom::Classic(_) => "classic branch protection".to_owned(),
            RuleFrom::Ruleset(number) => match self.settings.rulesets.get(number) {
                Some(Ok(ruleset)) => format!("the ruleset “{}”", ruleset.name),
                _ => format!("the ruleset {number}"),
            },
        }
    }

    /// The page on which it is changed.
    pub(super) fn place(&self, rule: &Rule) -> String {
        match &rule.from {
            RuleFrom::Classic(_) => format!("Settings → Branches → {}", self.base()),
            RuleFrom::Ruleset(number) => match self.settings.rulesets.get(number) {
                Some(Ok(ruleset)) => format!("Settings → Rules → Rulesets → {}", ruleset.name),
                _ => format!("Settings → Rules → Rulesets (ruleset {number})"),
            },
        }
    }

    /// The stages with an edge into them, if the manifests could be read.
    pub(super) fn inbound(&self) -> Option<Vec<Inbound>> {
        let policy = self.policy();
        let catalog = self.catalog?;
        let mut found = Vec::new();
        for pipeline in &catalog.pipelines {
            for stage in &pipeline.stages {
                let name = &stage.name.value;
                let leads_into = |edge: &&Edge| matches!(&edge.ends, EdgeEnds::Stages { to, .. } if to.value == *name);
                let approvals = |edge: &Edge| -> Vec<String> {
                    let gates = edge.gates.iter();
                    gates
                        .filter(|gate| gate.kind == GateKind::Approval)
                        .map(|gate| approve_label(name, &gate.name))
                        .collect()
                };
                let labels: Vec<Vec<String>> = pipeline
                    .edges
                    .iter()
                    .filter(leads_into)
                    .map(approvals)
                    .collect();
                if labels.is_empty() {
                    continue;
                }
                let rules = policy.stage_rules(&pipeline.name, name);
                found.push(Inbound {
                    name: format!("{} → {name}", pipeline.name),
                    approval: labels.iter().all(|labels| !labels.is_empty()),
                    labels: labels.concat(),
                    delivery: rules.delivery,
                });
            }
        }
        Some(found)
    }
}
