//! The repository as such, the token, and the setting that keeps workflows from opening pull requests.

use super::facts::Facts;
use super::names;
use super::needs::{Need, needs};
use super::said::{Said, list};
use crate::model::settings::{Area, PersonRole, TokenKind, Unread};

pub(super) fn repository(facts: &Facts<'_>) -> Vec<Said> {
    let slug = facts.slug;
    if facts.repository.archived {
        return vec![
            Said::change(format!("{slug} is archived: nothing can be written to it.")).action(
                "Unarchive it under Settings → General, or use the repository that replaced it.",
            ),
        ];
    }
    vec![match &facts.settings.merging {
        Ok(found) if found.tip.is_none() => Said::change(format!("{slug} has no commit yet."))
            .why("Manifests and policy are read at the tip of the default branch.")
            .action("Push the manifests first."),
        Ok(_) => Said::ok(format!(
            "{slug} can be read; promotions go to {}.",
            facts.base()
        )),
        Err(why) => Said::unread(format!(
            "The merge settings of {slug} could not be read: {why}."
        ))
        .action("Check Settings → General → Pull Requests, and run this again."),
    }]
}

pub(super) fn identity(facts: &Facts<'_>) -> Vec<Said> {
    let found = match &facts.settings.identity {
        Ok(found) => found,
        Err(why) => {
            return vec![
                Said::unread(format!("The token's account could not be read: {why}.")).action(
                    "Use the workflow's own token, an App's installation token or a personal one.",
                ),
            ];
        }
    };
    let advisory = (found.kind == TokenKind::Workflow && facts.runs_workflows()).then(|| {
        Said::info("Gates that run a workflow are advisory with this token.")
            .why("Anyone who can push a workflow can start one under the same name, and Sluice could not tell the two apart.")
            .action("With an App's token, only runs that this App started count: docs/install.md, hardened.")
    });
    let said = match &found.kind {
        TokenKind::Workflow => Said::info("The token is a workflow's own (GITHUB_TOKEN).")
            .why(
                "Anyone who can push can run a workflow with the same rights, so gates stop people without push access, and \
                 protect everyone else only from mistakes.",
            )
            .action("If they must bind everyone, give Sluice its own App: docs/install.md, hardened."),
        TokenKind::App(slug) => Said::ok(format!("The token is that of the App {slug}.")),
        TokenKind::Person => Said::info(format!(
            "The token belongs to a person, {}.",
            found.login
        ))
        .why(format!(
            "As good as any to ask with. Promotions made with it would be {}'s own, and the author of a promotion never \
             counts as its approver.",
            found.login
        ))
        .action("Promote with the workflow's own token or an App's."),
    };
    std::iter::once(said).chain(advisory).collect()
}

pub(super) fn permissions(facts: &Facts<'_>) -> Vec<Said> {
    let needs = needs(facts.policy());
    let mut said: Vec<Said> = Vec::new();
    for need in &needs {
        if need.area == Area::Issues {
            said.extend(creating_labels(facts, need));
        } else if let Some(Err(why)) = facts.settings.areas.get(&need.area) {
            said.push(unreadable(facts, need, why));
        }
    }
    match facts.kind() {
        Some(TokenKind::Person) => said.extend(of_person(facts, &needs)),
        Some(TokenKind::App(slug)) => said.extend(of_app(facts, slug, &needs)),
        Some(TokenKind::Workflow) => said.push(of_workflow(facts, &needs)),
        None => {}
    }
    said
}

/// Only labels depend on it: how much it matters that it is missing depends on which labels there are.
fn creating_labels(facts: &Facts<'_>, need: &Need) -> Option<Said> {
    if !facts.lacks_issues() {
        return None;
    }
    let words = words(need);
    let nothing_missing = names::missing_labels(facts).is_some_and(|missing| missing.is_empty());
    Some(if nothing_missing {
        Said::info(format!(
            "The token lacks {words}; every label that promotions use today exists."
        ))
        .why("Without it, the label of a new gate is not created.")
        .action(give(facts, need))
    } else {
        Said::change(format!(
            "The token lacks {words}, so GitHub does not let it create a label."
        ))
        .why(
            "Promotions open without the labels that do not exist yet, and no one can approve with these or add \
             `sluice/hold`.",
        )
        .action(format!(
            "{} Or create the labels by hand: the result `labels` lists them.",
            give(facts, need)
        ))
    })
}

fn unreadable(facts: &Facts<'_>, need: &Need, why: &Unread) -> Said {
    let key = need.area.key();
    match why {
        Unread::Failed(why) => Said::unread(format!(
            "Could not determine whether the token can read {key}: {why}."
        ))
        .action("Run this again."),
        Unread::Forbidden(_) | Unread::Hidden => Said::change(format!(
            "The token cannot read {key}, which promotions need for {}.",
            need.why
        ))
        .why("What cannot be read is an error, and an error never passes a gate.")
        .action(give(facts, need)),
    }
}

/// The page on which a permission is given.
fn give(facts: &Facts<'_>, need: &Need) -> String {
    let words = words(need);
    match facts.kind() {
        Some(TokenKind::Workflow) => {
            format!("Add `{words}` to the `permissions` of the workflow's job.")
        }
        Some(TokenKind::App(slug)) => format!(
            "Give the App {slug} the repository permission {words}, and accept it for its installation."
        ),
        _ => format!("Give the token the repository permission {words}."),
    }
}

fn words(need: &Need) -> String {
    let level = if need.write { "write" } else { "read" };
    format!("{}: {level}", need.area.key())
}

fn all_words(needs: &[Need]) -> String {
    list(needs.iter().map(words))
}

fn of_person(facts: &Facts<'_>, needs: &[Need]) -> Option<Said> {
    let login = &facts.settings.identity.as_ref().ok()?.login;
    if facts.repository.role < PersonRole::Write {
        return Some(
            Said::change(format!(
                "{login}, the token's owner, does not have write access to {}.",
                facts.slug
            ))
            .why("Nothing could be promoted with it.")
            .action(format!("Give {login} write access, or use another token.")),
        );
    }
    let Some(scopes) = &facts.settings.scopes else {
        return Some(
            Said::unread("GitHub does not report what a fine-grained token may do.").action(
                format!(
                    "Check the token's page: promotions need {}.",
                    all_words(needs)
                ),
            ),
        );
    };
    let public = scopes.contains("public_repo") && !facts.repository.private;
    Some(if scopes.contains("repo") || public {
        Said::ok(format!(
            "The token may do what {login} may do, who has write access."
        ))
    } else {
        Said::change("The token lacks the scope `repo`.")
            .why("Without it, a classic token cannot write, whatever its owner may do.")
            .action("Give it the scope `repo`, or use a fine-grained token.")
    })
}

fn of_app(facts: &Facts<'_>, slug: &str, needs: &[Need]) -> Option<Said> {
    let app = match facts.settings.app.as_ref()? {
        Ok(app) => app,
        Err(why) => {
            return Some(
                Said::unread(format!(
                    "The permissions of the App {slug} could not be read: {why}."
                ))
                .action(format!(
                    "Check the App's page: promotions need {}.",
                    all_words(needs)
                )),
            );
        }
    };
    let lacks = |need: &&Need| {
        let name = need.area.key().replace('-', "_");
        match app.permissions.get(&name).map(String::as_str) {
            Some("write" | "admin") => false,
            Some("read") => need.write,
            _ => true,
        }
    };
    let own = |need: &&Need| need.area != Area::Issues;
    let missing: Vec<&Need> = needs.iter().filter(own).filter(lacks).collect();
    if missing.is_empty() && facts.lacks_issues() {
        return None;
    }
    Some(if missing.is_empty() {
        Said::ok(format!(
            "The App {slug} has the permissions that promotions need."
        ))
    } else {
        Said::change(format!(
            "The App {slug} lacks {}.",
            list(missing.iter().map(|need| words(need)))
        ))
        .why(what_for(missing.into_iter()))
        .action(
            "Add that on the App's page under Permissions & events, and accept it for its installation.",
        )
    })
}

fn of_workflow(facts: &Facts<'_>, needs: &[Need]) -> Said {
    let areas = facts.settings.areas.iter();
    let seen: Vec<&str> = areas
        .filter(|(_, found)| found.is_ok())
        .map(|(area, _)| area.key())
        .collect();
    // What is public can be read by any token.
    let seen = match (facts.repository.private, seen.is_empty()) {
        (true, false) => format!(" Verified by reading: {}.", list(seen)),
        (true, true) => String::new(),
        (false, _) => " Reading proves nothing here: the repository is public.".to_owned(),
    };
    Said::unread(format!(
        "GitHub does not report what a workflow's token may write.{seen}"
    ))
    .why(what_for(needs.iter()))
    .action(format!(
        "Check the workflow file: its job needs `permissions` with {}.",
        list(needs.iter().map(|need| format!("`{}`", words(need))))
    ))
}

fn what_for<'a>(needs: impl Iterator<Item = &'a Need>) -> String {
    let each: Vec<String> = needs
        .map(|need| format!("{} for {}", need.area.key(), need.why))
        .collect();
    format!("{}.", each.join("; "))
}

const MAY_OPEN: &str = "Settings → Actions → General → Workflow permissions → Allow GitHub Actions to create and approve pull requests";

pub(super) fn actions_may_open(facts: &Facts<'_>) -> Vec<Said> {
    if matches!(facts.kind(), Some(TokenKind::App(_))) {
        return vec![Said::ok(
            "An App may open pull requests, whatever workflows may.",
        )];
    }
    vec![match &facts.settings.workflows {
        Ok(found) if found.may_open_pulls => Said::ok("GitHub Actions may open pull requests."),
        Ok(_) => Said::change("GitHub Actions may not open pull requests here.")
            .why("With a workflow's own token, no promotion can open its pull request.")
            .action(format!(
                "Tick {MAY_OPEN}; if the box is grey, the organisation forbids it. Or give Sluice an App's token."
            )),
        Err(Unread::Failed(why)) => Said::unread(format!(
            "Could not determine whether GitHub Actions may open pull requests: {why}."
        ))
        .action(format!("Check {MAY_OPEN}.")),
        Err(_) => Said::unread(
            "Could not read whether GitHub Actions may open pull requests: that needs an administrator's token.",
        )
        .why("If it may not, no promotion with a workflow's own token can open its pull request.")
        .action(format!("Check {MAY_OPEN}.")),
    }]
}

/// With less left, a run starts nothing new.
const MIN_REQUESTS_LEFT: u64 = 50;

pub(super) fn rate_limit(facts: &Facts<'_>) -> Vec<Said> {
    vec![match &facts.settings.budget {
        Ok(budget) => {
            let (rest, graphql) = (budget.rest, budget.graphql);
            let counts = format!(
                "{} of {} REST calls and {} of {} GraphQL points are left in this hour.",
                rest.0, rest.1, graphql.0, graphql.1
            );
            if rest.0.min(graphql.0) < MIN_REQUESTS_LEFT {
                Said::info(counts)
                    .why(format!(
                        "Below {MIN_REQUESTS_LEFT} a run starts nothing new."
                    ))
                    .action("Wait for the next hour, or check what else uses this token.")
            } else {
                Said::ok(counts)
            }
        }
        Err(Unread::Hidden) => Said::ok("This server has no rate limit."),
        Err(why) => Said::unread(format!("The rate limit could not be read: {why}.")),
    }]
}
