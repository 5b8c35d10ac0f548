//! Rules of a branch: rulesets, which anyone may read, and classic protection, of which all but an administrator see a
//! part only.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::error::ForgeError;
use super::super::shapes::shape;
use super::shapes::{
    BranchShape, BypassShape, NamesShape, ProtectionShape, RulesetShape, StatusChecksShape,
};
use super::{Forge, segment, unread};
use crate::model::settings::{
    Bypass, Classic, Exempt, RequiredContext, Rule, RuleFrom, RuleKind, Ruleset, SettingsAnswer,
};

impl Forge {
    /// The rulesets' rules that hold for a branch of this name, be it there or not.
    pub(in crate::forge) async fn branch_rules(&self, branch: &str) -> SettingsAnswer<Vec<Rule>> {
        let operation = format!("read the rules for {branch}");
        let path = self.path(&format!("/rules/branches/{}?per_page=100", segment(branch)));
        let rows = self.get_all(path, &operation).await.map_err(unread)?;
        let rules = rows.iter().map(|row| rule(row, &operation));
        rules.collect::<Result<_, ForgeError>>().map_err(unread)
    }

    pub(in crate::forge) async fn ruleset(&self, number: u64) -> SettingsAnswer<Ruleset> {
        let operation = format!("read the ruleset {number}");
        let found: RulesetShape = self
            .get(self.path(&format!("/rulesets/{number}")), &operation)
            .await
            .and_then(|answer| answer.parse(&operation))
            .map_err(unread)?;
        Ok(ruleset(found))
    }

    /// Classic protection of a branch: whether there is any is visible to everyone.
    pub(super) async fn classic(&self, branch: &str) -> SettingsAnswer<Classic> {
        let operation = format!("read the protection of {branch}");
        let path = self.path(&format!("/branches/{}", segment(branch)));
        let found: BranchShape = match self.get(path.clone(), &operation).await {
            Ok(answer) => answer.parse(&operation).map_err(unread)?,
            Err(error) => return Err(unread(error)),
        };
        let Some(summary) = found.protection.filter(|summary| summary.enabled) else {
            return Ok(Classic {
                rules: Vec::new(),
                unread: None,
            });
        };
        let whole = self
            .get(format!("{path}/protection"), &operation)
            .await
            .and_then(|answer| answer.parse::<ProtectionShape>(&operation));
        Ok(match whole {
            Ok(whole) => Classic {
                rules: classic(whole),
                unread: None,
            },
            Err(error) => {
                let checks = summary.required_status_checks;
                let checks = checks.filter(|checks| {
                    checks.enforcement_level.as_deref() != Some("off")
                        && (!checks.contexts.is_empty() || !checks.checks.is_empty())
                });
                let exempt = Exempt {
                    admins: checks.as_ref().is_some_and(|checks| {
                        checks.enforcement_level.as_deref() == Some("non_admins")
                    }),
                    ..Exempt::default()
                };
                Classic {
                    rules: checks
                        .map(|checks| Rule {
                            kind: status_checks(checks),
                            from: RuleFrom::Classic(exempt),
                        })
                        .into_iter()
                        .collect(),
                    unread: Some(unread(error)),
                }
            }
        })
    }
}

/// One row of the rules for a branch. A type that is not known here is kept by its name.
fn rule(row: &Value, operation: &str) -> Result<Rule, ForgeError> {
    let lacks =
        |what: &str| ForgeError::NotUnderstood(format!("to {operation}: a rule without {what}"));
    let number = row["ruleset_id"]
        .as_u64()
        .ok_or_else(|| lacks("a ruleset"))?;
    let word = row["type"].as_str().ok_or_else(|| lacks("a type"))?;
    let parameters = &row["parameters"];
    let texts = |value: &Value| -> Vec<String> {
        let list = value.as_array().into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let kind = match word {
        "creation" => RuleKind::Creation,
        "update" => RuleKind::Update,
        "deletion" => RuleKind::Deletion,
        "non_fast_forward" => RuleKind::NoForce,
        "required_linear_history" => RuleKind::LinearHistory,
        "required_signatures" => RuleKind::Signatures,
        "pull_request" => RuleKind::PullRequest {
            reviews: parameters["required_approving_review_count"]
                .as_u64()
                .unwrap_or_default(),
            code_owners: parameters["require_code_owner_review"] == true,
            methods: parameters
                .get("allowed_merge_methods")
                .map(|methods| texts(methods).into_iter().collect()),
        },
        "required_status_checks" => {
            let checks = parameters["required_status_checks"].as_array();
            let contexts = checks.into_iter().flatten().map(|check| {
                Ok(RequiredContext {
                    name: shape::<String>(check["context"].clone(), operation)?,
                    app: check["integration_id"].as_u64(),
                })
            });
            RuleKind::StatusChecks {
                strict: parameters["strict_required_status_checks_policy"] == true,
                contexts: contexts.collect::<Result<_, ForgeError>>()?,
                on_create: parameters["do_not_enforce_on_create"] != true,
            }
        }
        "merge_queue" => RuleKind::MergeQueue(
            parameters["merge_method"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        ),
        "required_deployments" => {
            RuleKind::Deployments(texts(&parameters["required_deployment_environments"]))
        }
        other => RuleKind::Other(other.to_owned()),
    };
    Ok(Rule {
        kind,
        from: RuleFrom::Ruleset(number),
    })
}

fn ruleset(found: RulesetShape) -> Ruleset {
    Ruleset {
        name: found.name,
        bypass: match found.current_user_can_bypass.as_deref() {
            Some("always" | "exempt") => Bypass::Always,
            Some("pull_requests_only") => Bypass::OnPulls,
            Some("never") => Bypass::Never,
            _ => Bypass::Unknown,
        },
        actors: found
            .bypass_actors
            .map(|actors| actors.iter().map(actor).collect()),
    }
}

/// Who may bypass it, as text. The numbers of the roles are GitHub's.
fn actor(found: &BypassShape) -> String {
    let number = found.actor_id.unwrap_or_default();
    let who = match (found.actor_type.as_str(), number) {
        ("RepositoryRole", 5) => "anyone with admin access".to_owned(),
        ("RepositoryRole", 2) => "anyone with maintain access".to_owned(),
        ("RepositoryRole", 4) => "anyone with write access".to_owned(),
        ("RepositoryRole", number) => format!("the repository role {number}"),
        ("OrganizationAdmin", _) => "owners of the organisation".to_owned(),
        ("Integration", number) => format!("the App {number}"),
        ("Team", number) => format!("the team {number}"),
        ("DeployKey", _) => "deploy keys".to_owned(),
        (other, number) => format!("{other} {number}"),
    };
    match found.bypass_mode.as_deref() {
        Some("pull_request") => format!("{who} (by pull request)"),
        _ => who,
    }
}

fn classic(found: ProtectionShape) -> Vec<Rule> {
    // If GitHub does not report it, administrators are bound like everyone else.
    let admins = found
        .enforce_admins
        .is_some_and(|enforced| !enforced.enabled);
    let exempt = |names: Option<NamesShape>| match names {
        None => Exempt {
            admins,
            ..Exempt::default()
        },
        Some(names) => Exempt {
            people: names.users.into_iter().map(|user| user.login).collect(),
            teams: names.teams.into_iter().map(|team| team.slug).collect(),
            apps: names.apps.into_iter().map(|app| app.slug).collect(),
            admins,
        },
    };
    let mut rules = Vec::new();
    let mut push = |kind: RuleKind, names: Option<NamesShape>| {
        rules.push(Rule {
            kind,
            from: RuleFrom::Classic(exempt(names)),
        });
    };
    if let Some(checks) = found.required_status_checks
        && (!checks.contexts.is_empty() || !checks.checks.is_empty() || checks.strict)
    {
        push(status_checks(checks), None);
    }
    if let Some(reviews) = found.required_pull_request_reviews {
        let kind = RuleKind::PullRequest {
            reviews: reviews.required_approving_review_count,
            code_owners: reviews.require_code_owner_reviews,
            methods: None,
        };
        push(kind, reviews.bypass_pull_request_allowances);
    }
    if let Some(names) = found.restrictions {
        push(RuleKind::Update, Some(names));
    }
    for (enabled, kind) in [
        (found.lock_branch.enabled, RuleKind::Update),
        (
            found.required_linear_history.enabled,
            RuleKind::LinearHistory,
        ),
        (found.required_signatures.enabled, RuleKind::Signatures),
    ] {
        if enabled {
            push(kind, None);
        }
    }
    rules
}

fn status_checks(found: StatusChecksShape) -> RuleKind {
    let app = |id: i64| u64::try_from(id).ok().filter(|id| *id > 0);
    let mut contexts: Vec<RequiredContext> = found
        .checks
        .into_iter()
        .map(|check| RequiredContext {
            name: check.context,
            app: check.app_id.and_then(app),
        })
        .collect();
    let named: BTreeSet<String> = contexts.iter().map(|check| check.name.clone()).collect();
    let more = found.contexts.into_iter();
    contexts.extend(
        more.filter(|name| !named.contains(name))
            .map(|name| RequiredContext { name, app: None }),
    );
    RuleKind::StatusChecks {
        strict: found.strict,
        contexts,
        on_create: false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_ruleset_says_whether_it_binds_this_token_and_who_else_may_bypass_it() {
        let read = |value: Value| ruleset(serde_json::from_value(value).unwrap());
        let own =
            |word: Value| read(json!({ "name": "main", "current_user_can_bypass": word })).bypass;
        assert_eq!(own(json!("always")), Bypass::Always);
        assert_eq!(own(json!("exempt")), Bypass::Always);
        assert_eq!(own(json!("pull_requests_only")), Bypass::OnPulls);
        assert_eq!(own(json!("never")), Bypass::Never);
        assert_eq!(own(json!("a word that is not known")), Bypass::Unknown);
        assert_eq!(own(Value::Null), Bypass::Unknown);
        let found = read(json!({ "name": "main", "bypass_actors": [
            { "actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always" },
            { "actor_id": 77, "actor_type": "Integration", "bypass_mode": "pull_request" },
            { "actor_id": null, "actor_type": "DeployKey", "bypass_mode": "always" },
        ] }));
        assert_eq!(
            found.actors.unwrap(),
            [
                "anyone with admin access",
                "the App 77 (by pull request)",
                "deploy keys"
            ]
        );
        assert_eq!(read(json!({ "name": "main" })).actors, None);
    }

    #[test]
    fn a_rule_that_is_not_known_here_is_kept_by_its_name() {
        let row = json!({ "type": "commit_message_pattern", "ruleset_id": 3, "parameters": { "pattern": "x" } });
        let kept = rule(&row, "test").unwrap();
        assert_eq!(
            kept.kind,
            RuleKind::Other("commit_message_pattern".to_owned())
        );
        assert_eq!(kept.from, RuleFrom::Ruleset(3));
        for lacking in [json!({ "type": "update" }), json!({ "ruleset_id": 3 })] {
            assert!(rule(&lacking, "test").is_err());
        }
    }

    #[test]
    fn classic_protection_binds_all_but_those_whom_it_names() {
        let found: ProtectionShape = serde_json::from_value(json!({
            "required_status_checks": { "strict": true, "contexts": ["ci", "lint"],
                "checks": [{ "context": "ci", "app_id": 15368 }, { "context": "lint", "app_id": -1 }] },
            "enforce_admins": { "enabled": false },
            "required_pull_request_reviews": { "required_approving_review_count": 2,
                "bypass_pull_request_allowances": { "users": [{ "login": "erin" }], "teams": [], "apps": [] } },
            "restrictions": { "users": [], "teams": [{ "slug": "leads" }], "apps": [{ "slug": "deployer" }] },
            "required_linear_history": { "enabled": true },
            "required_signatures": { "enabled": false },
        }))
        .unwrap();
        let rules = classic(found);
        let words: Vec<String> = rules
            .iter()
            .map(|rule| format!("{:?}", rule.kind))
            .collect();
        assert_eq!(
            words,
            [
                "StatusChecks { strict: true, contexts: [RequiredContext { name: \"ci\", app: Some(15368) }, \
                 RequiredContext { name: \"lint\", app: None }], on_create: false }",
                "PullRequest { reviews: 2, code_owners: false, methods: None }",
                "Update",
                "LinearHistory",
            ]
        );
        let exempt = |at: usize| match &rules[at].from {
            RuleFrom::Classic(exempt) => exempt.clone(),
            RuleFrom::Ruleset(_) => panic!("classic rules have no ruleset"),
        };
        assert!(exempt(0).admins && exempt(0).people.is_empty());
        assert!(exempt(1).people.contains("erin"));
        assert!(exempt(2).apps.contains("deployer") && exempt(2).teams.contains("leads"));
    }
}
