//! The rules of rulesets for a branch, as GraphQL shows them with the branch itself.

use serde::Deserialize;
use serde_json::Value;

use super::shapes::Nodes;
use crate::model::settings::{RequiredContext, Rule, RuleFrom, RuleKind};

/// One rule.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RuleShape {
    #[serde(rename = "type")]
    kind: String,
    repository_ruleset: Option<RulesetShape>,
    parameters: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RulesetShape {
    database_id: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StatusChecksShape {
    required_status_checks: Vec<ContextShape>,
    strict_required_status_checks_policy: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContextShape {
    context: String,
    integration_id: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReviewsShape {
    required_approving_review_count: u64,
    require_code_owner_review: bool,
}

/// The rules, if the answer holds all of them with what is asked of each. Otherwise they have to be read in another way.
pub(super) fn rules_of_ref(page: Nodes<Option<RuleShape>>) -> Option<Vec<Rule>> {
    if page.next().is_some() {
        return None;
    }
    page.nodes.into_iter().map(|found| found?.rule()).collect()
}

impl RuleShape {
    fn rule(self) -> Option<Rule> {
        let from = RuleFrom::Ruleset(self.repository_ruleset?.database_id?);
        let kind = match self.kind.as_str() {
            "REQUIRED_STATUS_CHECKS" => {
                let found: StatusChecksShape = serde_json::from_value(self.parameters?).ok()?;
                let contexts = found.required_status_checks.into_iter();
                RuleKind::StatusChecks {
                    strict: found.strict_required_status_checks_policy,
                    contexts: contexts
                        .map(|one| RequiredContext {
                            name: one.context,
                            app: one.integration_id,
                        })
                        .collect(),
                    on_create: false,
                }
            }
            "PULL_REQUEST" => {
                let found: ReviewsShape = serde_json::from_value(self.parameters?).ok()?;
                RuleKind::PullRequest {
                    reviews: found.required_approving_review_count,
                    code_owners: found.require_code_owner_review,
                    methods: None,
                }
            }
            // Whether GitHub would merge does not follow from the others.
            other => RuleKind::Other(other.to_lowercase()),
        };
        Some(Rule { kind, from })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(nodes: &Value, more: bool) -> Option<Vec<Rule>> {
        let page = json!({ "pageInfo": { "hasNextPage": more, "endCursor": "x" }, "nodes": nodes });
        rules_of_ref(serde_json::from_value(page).unwrap())
    }

    #[test]
    fn required_checks_and_reviews_are_read_and_other_rules_kept_by_name() {
        let ruleset = json!({ "databaseId": 7 });
        let rules = read(
            &json!([
                { "type": "REQUIRED_STATUS_CHECKS", "repositoryRuleset": ruleset, "parameters": {
                    "requiredStatusChecks": [{ "context": "ci", "integrationId": 15368 }, { "context": "lint", "integrationId": null }],
                    "strictRequiredStatusChecksPolicy": true } },
                { "type": "PULL_REQUEST", "repositoryRuleset": ruleset, "parameters": {
                    "requiredApprovingReviewCount": 2, "requireCodeOwnerReview": true } },
                { "type": "NON_FAST_FORWARD", "repositoryRuleset": ruleset, "parameters": null },
            ]),
            false,
        );
        let words: Vec<String> = rules
            .unwrap()
            .iter()
            .map(|rule| format!("{:?}", rule.kind))
            .collect();
        assert_eq!(
            words,
            [
                "StatusChecks { strict: true, contexts: [RequiredContext { name: \"ci\", app: Some(15368) }, \
                 RequiredContext { name: \"lint\", app: None }], on_create: false }",
                "PullRequest { reviews: 2, code_owners: true, methods: None }",
                "Other(\"non_fast_forward\")",
            ]
        );
    }

    #[test]
    fn what_is_not_shown_whole_is_read_in_another_way() {
        let ruleset = json!({ "databaseId": 7 });
        assert_eq!(read(&json!([]), false), Some(Vec::new()));
        assert_eq!(read(&json!([]), true), None);
        for lacking in [
            json!(null),
            json!({ "type": "UPDATE", "repositoryRuleset": null, "parameters": null }),
            json!({ "type": "UPDATE", "repositoryRuleset": { "databaseId": null }, "parameters": null }),
            json!({ "type": "REQUIRED_STATUS_CHECKS", "repositoryRuleset": ruleset, "parameters": null }),
            json!({ "type": "PULL_REQUEST", "repositoryRuleset": ruleset, "parameters": {} }),
        ] {
            assert_eq!(read(&json!([lacking]), false), None, "{lacking}");
        }
    }
}
