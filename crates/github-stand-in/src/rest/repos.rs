//! The repository itself: settings, branches, tags, rules, the activity log.

use super::super::call::Call;
use super::super::ids::RepoId;
use super::super::reply::{Answer, Outcome, Refusal};
use super::super::repo::Rule;
use super::super::world::World;
use super::super::{rules, view};
use serde_json::{Value, json};

/// `GET /repos/{owner}/{repo}`.
pub fn get(world: &mut World, call: &Call) -> Outcome {
    Answer::ok(view::repo_full(world, &call.session, call.repo))
}

/// `GET activity`: newest first, by `ref`, `actor`, `activity_type`.
pub fn activity(world: &mut World, call: &Call) -> Outcome {
    if !world.switches.activity {
        return Err(Refusal::not_found());
    }
    let named = |name: &str| {
        call.query("ref")
            .is_none_or(|wanted| name == wanted || name == format!("refs/heads/{wanted}"))
    };
    let rows: Vec<Value> = world
        .repo(call.repo)
        .activity
        .iter()
        .filter(|one| one.unseen_reads == 0 && named(&one.name))
        .filter(|one| {
            call.query("activity_type")
                .is_none_or(|kind| one.kind == kind)
        })
        .filter(|one| {
            call.query("actor")
                .is_none_or(|login| world.user(one.actor).login.eq_ignore_ascii_case(login))
        })
        .map(|one| view::run::activity(world, one))
        .collect();
    for one in &mut world.repo_mut(call.repo).activity {
        one.unseen_reads = one.unseen_reads.saturating_sub(1);
    }
    let newest_first = call.query("direction").unwrap_or("desc") == "desc";
    Answer::list(if newest_first {
        rows.into_iter().rev().collect()
    } else {
        rows
    })
}

/// Whether any rule names a branch.
fn protected(world: &World, call: &Call, branch: &str) -> bool {
    !rules::of(world.repo(call.repo), branch).is_empty()
}

fn status_checks(world: &World, call: &Call, branch: &str, rule: &Rule) -> Value {
    let contexts: Vec<&String> = rule.statuses.iter().map(|(context, _)| context).collect();
    let checks: Vec<Value> = rule
        .statuses
        .iter()
        .map(|(context, app)| json!({"context": context, "app_id": app}))
        .collect();
    let url = format!(
        "{}/branches/{branch}/protection/required_status_checks",
        view::base(world, call.repo)
    );
    json!({"url": url, "strict": rule.strict, "contexts": contexts, "contexts_url": format!("{url}/contexts"), "checks": checks, "enforcement_level": "everyone"})
}

fn protection_of(world: &World, call: &Call, branch: &str) -> Value {
    let url = format!(
        "{}/branches/{branch}/protection",
        view::base(world, call.repo)
    );
    let found = rules::of(world.repo(call.repo), branch);
    let Some(rule) = found.iter().find(|rule| !rule.ruleset) else {
        return json!({"enabled": false, "required_status_checks": {"enforcement_level": "off", "contexts": [], "checks": []}});
    };
    let mut shown = json!({
        "url": url, "enabled": true, "required_linear_history": {"enabled": rule.linear}, "allow_force_pushes": {"enabled": rule.allow_force},
        "allow_deletions": {"enabled": rule.allow_force}, "required_status_checks": status_checks(world, call, branch, rule),
    });
    if let Some(count) = rule.reviews {
        shown["required_pull_request_reviews"] = json!({
            "url": format!("{url}/required_pull_request_reviews"), "dismiss_stale_reviews": rule.dismiss_stale, "require_code_owner_reviews": false,
            "required_approving_review_count": count, "require_last_push_approval": rule.last_push_approval,
        });
    }
    shown
}

/// `GET branches/{branch}/protection`: for admins; 404 without classic protection.
pub fn protection(world: &mut World, call: &Call) -> Outcome {
    let branch = call.param("branch");
    let classic = rules::of(world.repo(call.repo), branch)
        .iter()
        .any(|rule| !rule.ruleset);
    if !classic {
        return Err(Refusal {
            message: "Branch not protected".to_owned(),
            ..Refusal::not_found()
        });
    }
    Answer::ok(protection_of(world, call, branch))
}

/// `GET branches`.
pub fn branches(world: &mut World, call: &Call) -> Outcome {
    let api = view::base(world, call.repo);
    let rows = world
        .repo(call.repo)
        .refs
        .iter()
        .filter_map(|(name, oid)| Some((name.strip_prefix("refs/heads/")?, oid)))
        .map(|(name, oid)| {
            json!({
                "name": name, "commit": {"sha": oid.to_string(), "url": format!("{api}/commits/{oid}")}, "protected": protected(world, call, name),
                "protection": protection_of(world, call, name), "protection_url": format!("{api}/branches/{name}/protection"),
            })
        })
        .collect();
    Answer::list(rows)
}

/// `GET branches/{branch}`.
pub fn branch(world: &mut World, call: &Call) -> Outcome {
    let name = call.param("branch");
    let repo = world.repo(call.repo);
    let missing = || Refusal {
        message: "Branch not found".to_owned(),
        ..Refusal::not_found()
    };
    let commit = repo
        .branch(name)
        .and_then(|oid| repo.store.info(oid))
        .ok_or_else(missing)?;
    let (api, page) = (view::base(world, call.repo), view::page(world, call.repo));
    Answer::ok(json!({
        "name": name, "commit": view::commit(world, call.repo, &commit),
        "_links": {"self": format!("{api}/branches/{name}"), "html": format!("{page}/tree/{name}")}, "protected": protected(world, call, name),
        "protection": protection_of(world, call, name), "protection_url": format!("{api}/branches/{name}/protection"),
    }))
}

/// `GET tags`.
pub fn tags(world: &mut World, call: &Call) -> Outcome {
    let api = view::base(world, call.repo);
    let repo = world.repo(call.repo);
    let rows = repo
        .refs
        .iter()
        .filter_map(|(name, oid)| Some((name.strip_prefix("refs/tags/")?, repo.store.peel(*oid)?)))
        .map(|(name, oid)| {
            json!({
                "name": name, "commit": {"sha": oid.to_string(), "url": format!("{api}/commits/{oid}")}, "node_id": view::node("REF", name),
                "zipball_url": format!("{api}/zipball/refs/tags/{name}"), "tarball_url": format!("{api}/tarball/refs/tags/{name}"),
            })
        })
        .collect();
    Answer::list(rows)
}

/// `GET rules/branches/{branch}`: the rulesets' rules (classic protection does not appear here).
pub fn rules(world: &mut World, call: &Call) -> Outcome {
    Answer::list(branch_rules(world, call.repo, call.param("branch")))
}

/// The rulesets' rules for a branch, as REST shows them.
pub fn branch_rules(world: &World, at: RepoId, branch: &str) -> Vec<Value> {
    let slug = world.slug(at);
    let mut rows = Vec::new();
    let all = world.repo(at).rules.iter().enumerate();
    for (index, rule) in all.filter(|(_, rule)| rule.ruleset && rules::names(rule, branch)) {
        let mut push = |kind: &str, parameters: Option<Value>| {
            let mut row = json!({"type": kind, "ruleset_source_type": "Repository", "ruleset_source": slug, "ruleset_id": index + 1});
            if let Some(parameters) = parameters {
                row["parameters"] = parameters;
            }
            rows.push(row);
        };
        if rule.restrict {
            push(
                "update",
                Some(json!({"update_allows_fetch_and_merge": false})),
            );
        }
        if !rule.allow_force {
            push("deletion", None);
            push("non_fast_forward", None);
        }
        if rule.linear {
            push("required_linear_history", None);
        }
        if let Some(count) = rule.reviews {
            let mut parameters = json!({
                "required_approving_review_count": count, "dismiss_stale_reviews_on_push": rule.dismiss_stale, "require_code_owner_review": false,
                "require_last_push_approval": rule.last_push_approval, "required_review_thread_resolution": false,
            });
            if let Some(methods) = &rule.methods {
                parameters["allowed_merge_methods"] = json!(methods);
            }
            push("pull_request", Some(parameters));
        }
        if !rule.statuses.is_empty() {
            let checks: Vec<Value> = rule
                .statuses
                .iter()
                .map(|(context, app)| match app {
                    Some(app) => json!({"context": context, "integration_id": app}),
                    None => json!({"context": context}),
                })
                .collect();
            push(
                "required_status_checks",
                Some(
                    json!({"strict_required_status_checks_policy": rule.strict, "required_status_checks": checks}),
                ),
            );
        }
        if rule.queue {
            push(
                "merge_queue",
                Some(json!({
                    "check_response_timeout_minutes": rule.queue_timeout_minutes.unwrap_or(Rule::QUEUE_TIMEOUT_MINUTES), "grouping_strategy": "ALLGREEN", "max_entries_to_build": 5, "max_entries_to_merge": 5,
                    "merge_method": "MERGE", "min_entries_to_merge": 1, "min_entries_to_merge_wait_minutes": 5,
                })),
            );
        }
    }
    rows
}

/// `GET rulesets/{id}`: its name, and whether it binds the caller. Only those who may write it learn who else may bypass it.
pub fn ruleset(world: &mut World, call: &Call) -> Outcome {
    let id = call.number("id")?;
    let found = usize::try_from(id).ok().and_then(|id| id.checked_sub(1));
    let found = found.and_then(|index| world.repo(call.repo).rules.get(index));
    let rule = found.filter(|rule| rule.ruleset);
    let rule = rule.ok_or_else(Refusal::not_found)?;
    let bypassed = rules::bypassed(world, &call.session, call.repo, rule);
    Answer::ok(json!({
        "id": id, "name": format!("Ruleset {id}"), "target": "branch", "source_type": "Repository", "source": world.slug(call.repo),
        "enforcement": "active", "current_user_can_bypass": if bypassed { "always" } else { "never" },
        "conditions": {"ref_name": {"include": [format!("refs/heads/{}", rule.branch)], "exclude": []}},
    }))
}
