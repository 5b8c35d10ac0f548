//! `Ref.rules`: the rules of rulesets.

use super::super::ids::RepoId;
use super::super::rest::repos;
use super::value::{Ctx, Out, plain};

/// The rulesets' rules for a branch. Parameters are shown of the two kinds that the contract keeps.
pub fn branch_rules(ctx: &Ctx<'_>, at: RepoId, branch: &str) -> Out {
    let rows = repos::branch_rules(&ctx.world(), at, branch);
    let rules = rows.into_iter().map(|row| {
        let shown = &row["parameters"];
        let leaf = |name: &str| Out::Leaf(shown[name].clone());
        let parameters = match row["type"].as_str().unwrap_or_default() {
            "required_status_checks" => {
                let checks = shown["required_status_checks"].as_array();
                let checks = checks.into_iter().flatten().map(|check| {
                    let leaf = |name: &str| Out::Leaf(check[name].clone());
                    let fields = [
                        ("context", leaf("context")),
                        ("integrationId", leaf("integration_id")),
                    ];
                    plain("StatusCheckConfiguration", fields)
                });
                let strict = leaf("strict_required_status_checks_policy");
                let fields = [
                    ("requiredStatusChecks", Out::Many(checks.collect())),
                    ("strictRequiredStatusChecksPolicy", strict),
                ];
                Some(plain("RequiredStatusChecksParameters", fields))
            }
            "pull_request" => {
                let fields = [
                    (
                        "requiredApprovingReviewCount",
                        leaf("required_approving_review_count"),
                    ),
                    ("requireCodeOwnerReview", leaf("require_code_owner_review")),
                ];
                Some(plain("PullRequestParameters", fields))
            }
            _ => None,
        };
        let kind = row["type"].as_str().unwrap_or_default().to_uppercase();
        let ruleset = [("databaseId", Out::Leaf(row["ruleset_id"].clone()))];
        let fields = [
            ("type", Out::leaf(kind)),
            ("parameters", Out::maybe(parameters)),
            (
                "repositoryRuleset",
                Out::One(plain("RepositoryRuleset", ruleset)),
            ),
        ];
        plain("RepositoryRule", fields)
    });
    Out::page(rules.collect())
}
