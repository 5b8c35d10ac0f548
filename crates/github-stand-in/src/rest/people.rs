//! Accounts, organisations, teams, collaborators, Apps, and the budget of calls.

use super::super::access::{acting_role, visible};
use super::super::call::Call;
use super::super::ids::UserId;
use super::super::reply::{Answer, Body, Outcome, Refusal};
use super::super::session::{Level, Role, Session, TokenKind};
use super::super::view;
use super::super::world::{Kind, Membership, Org, Team, World};
use serde_json::{Map, Value, json};

/// `GET /`: what `gh` requests to learn the scopes of a token (they are in a header).
pub fn root(world: &mut World, _: &Call) -> Outcome {
    let api = |tail: &str| world.api_url(tail);
    Answer::ok(
        json!({"current_user_url": api("/user"), "rate_limit_url": api("/rate_limit"), "repository_url": api("/repos/{owner}/{repo}")}),
    )
}

/// `GET /meta`.
pub fn meta(_: &mut World, _: &Call) -> Outcome {
    Answer::ok(json!({"verifiable_password_authentication": false}))
}

/// `GET /rate_limit`: free of charge.
pub fn rate_limit(world: &mut World, call: &Call) -> Outcome {
    let core = super::super::budget::view(world, &call.session, "core");
    let graphql = super::super::budget::view(world, &call.session, "graphql");
    let search = json!({"limit": 30, "used": 0, "remaining": 30, "reset": core["reset"]});
    Answer::ok(
        json!({"resources": {"core": core, "graphql": graphql, "search": search}, "rate": core}),
    )
}

/// `GET /user`: integrations have none.
pub fn me(world: &mut World, call: &Call) -> Outcome {
    let actor = call.actor()?;
    if call.session.app().is_some() {
        return Err(Refusal::forbidden("Resource not accessible by integration"));
    }
    let mut shown = view::profile(world, actor);
    view::merge(
        &mut shown,
        json!({"private_gists": 0, "total_private_repos": 0, "owned_private_repos": 0, "disk_usage": 0, "collaborators": 0, "two_factor_authentication": true}),
    );
    Answer::ok(shown)
}

/// `GET /users/{login}`.
pub fn user(world: &mut World, call: &Call) -> Outcome {
    let id = world
        .user_id(call.param("login"))
        .ok_or_else(Refusal::not_found)?;
    Answer::ok(view::profile(world, id))
}

/// `GET /user/{id}`: by number, which survives a rename.
pub fn user_by_id(world: &mut World, call: &Call) -> Outcome {
    let id = call.number("id")?;
    if !world.users.contains_key(&id) {
        return Err(Refusal::not_found());
    }
    Answer::ok(view::profile(world, id))
}

/// `GET /app`: needs a signed App token, which this stand-in does not issue.
pub fn this_app(_: &mut World, _: &Call) -> Outcome {
    Err(Refusal::unauthorized(
        "A JSON web token could not be decoded",
    ))
}

/// `GET /apps/{slug}`.
pub fn app(world: &mut World, call: &Call) -> Outcome {
    let found = world
        .apps
        .values()
        .find(|app| app.slug == call.param("slug"));
    let id = found.ok_or_else(Refusal::not_found)?.id;
    Answer::ok(view::app(world, Some(id)))
}

/// `GET /installation/repositories`: what an installation token reaches.
pub fn installed(world: &mut World, call: &Call) -> Outcome {
    let repos = match call.session.token.as_ref().map(|token| &token.kind) {
        Some(TokenKind::Installation(_, repos, _)) => repos.clone(),
        Some(TokenKind::Workflow(repo, _)) => vec![*repo],
        _ => {
            return Err(Refusal::forbidden(
                "You must authenticate with an installation access token in order to list repositories for an installation.",
            ));
        }
    };
    let rows = repos.into_iter().map(|id| view::repo(world, id)).collect();
    let mut extra = Map::new();
    extra.insert("repository_selection".to_owned(), json!("selected"));
    Ok(Answer {
        status: 200,
        body: Body::Wrapped("repositories", rows, extra),
    })
}

fn find_org<'w>(world: &'w World, call: &Call) -> Result<(UserId, &'w Org), Refusal> {
    let id = world
        .user_id(call.param("org"))
        .ok_or_else(Refusal::not_found)?;
    let org = world.orgs.get(&id).ok_or_else(Refusal::not_found)?;
    Ok((id, org))
}

/// Whether the caller may look at members and teams of an organisation: a person who is a member and whose token has `read:org`,
/// or a token with the `members` permission, which a workflow token can never have.
pub fn sees_members(world: &World, session: &Session, org: UserId) -> Result<(), Refusal> {
    let Some(token) = &session.token else {
        return Err(Refusal::unauthorized("Requires authentication"));
    };
    let member = world.orgs[&org].members.contains_key(&token.actor);
    let owns = |repo: &usize| world.repo(*repo).owner == org;
    match &token.kind {
        TokenKind::Workflow(..) => {
            Err(Refusal::forbidden("Resource not accessible by integration"))
        }
        TokenKind::Installation(_, repos, map)
            if !map.grants("members", Level::Read) || !repos.iter().any(owns) =>
        {
            Err(Refusal::forbidden("Resource not accessible by integration"))
        }
        TokenKind::FineGrained(_, map) if !map.grants("members", Level::Read) => Err(
            Refusal::forbidden("Resource not accessible by personal access token"),
        ),
        TokenKind::Classic(scopes)
            if !member || !scopes.iter().any(|scope| scope.ends_with(":org")) =>
        {
            Err(Refusal::not_found())
        }
        _ => Ok(()),
    }
}

/// `GET /orgs/{org}`.
pub fn org(world: &mut World, call: &Call) -> Outcome {
    let (id, _) = find_org(world, call)?;
    let login = &world.user(id).login;
    let api = world.api_url(&format!("/orgs/{login}"));
    let created = "2020-01-01T00:00:00Z";
    Answer::ok(json!({
        "login": login, "id": id, "node_id": view::node("O", id), "url": api, "repos_url": format!("{api}/repos"), "events_url": format!("{api}/events"),
        "hooks_url": format!("{api}/hooks"), "issues_url": format!("{api}/issues"), "members_url": format!("{api}/members{{/member}}"),
        "public_members_url": format!("{api}/public_members{{/member}}"), "avatar_url": format!("{}/avatars/u/{id}", world.html), "description": null,
        "name": login, "has_organization_projects": true, "has_repository_projects": true, "public_repos": 0, "public_gists": 0, "followers": 0,
        "following": 0, "html_url": format!("{}/{login}", world.html), "type": "Organization", "created_at": created, "updated_at": created,
        "archived_at": null,
    }))
}

/// `GET /orgs/{org}/members/{login}`: 204 or 404.
pub fn org_member(world: &mut World, call: &Call) -> Outcome {
    let (id, org) = find_org(world, call)?;
    sees_members(world, &call.session, id)?;
    let who = world.user_id(call.param("login"));
    match who.is_some_and(|who| org.members.contains_key(&who)) {
        true => Answer::empty(),
        false => Err(Refusal::not_found()),
    }
}

fn find_team<'w>(world: &'w World, call: &Call) -> Result<(UserId, &'w Team), Refusal> {
    let (id, org) = find_org(world, call)?;
    sees_members(world, &call.session, id)?;
    let team = org
        .teams
        .iter()
        .find(|team| team.slug.eq_ignore_ascii_case(call.param("slug")));
    Ok((id, team.ok_or_else(Refusal::not_found)?))
}

/// `GET /orgs/{org}/teams/{slug}`.
pub fn team(world: &mut World, call: &Call) -> Outcome {
    let (id, team) = find_team(world, call)?;
    let mut shown = view::team(world, id, team);
    let login = &world.user(id).login;
    let api = world.api_url(&format!("/orgs/{login}"));
    let created = "2020-01-01T00:00:00Z";
    view::merge(
        &mut shown,
        json!({
            "members_count": team.members.len(), "repos_count": 0, "created_at": created, "updated_at": created,
            "organization": {
                "login": login, "id": id, "node_id": view::node("O", id), "url": api, "repos_url": format!("{api}/repos"),
                "events_url": format!("{api}/events"), "hooks_url": format!("{api}/hooks"), "issues_url": format!("{api}/issues"),
                "members_url": format!("{api}/members{{/member}}"), "public_members_url": format!("{api}/public_members{{/member}}"),
                "avatar_url": format!("{}/avatars/u/{id}", world.html), "description": null, "name": login, "has_organization_projects": true,
                "has_repository_projects": true, "public_repos": 0, "public_gists": 0, "followers": 0, "following": 0,
                "html_url": format!("{}/{login}", world.html), "type": "Organization", "created_at": created, "updated_at": created, "archived_at": null,
            },
        }),
    );
    Answer::ok(shown)
}

/// `GET /orgs/{org}/teams/{slug}/members`: the active ones.
pub fn team_members(world: &mut World, call: &Call) -> Outcome {
    let (_, team) = find_team(world, call)?;
    let active = team
        .members
        .iter()
        .filter(|(_, state)| **state == Membership::Active);
    Answer::list(active.map(|(id, _)| view::user(world, *id)).collect())
}

/// `GET /orgs/{org}/teams/{slug}/memberships/{login}`.
pub fn membership(world: &mut World, call: &Call) -> Outcome {
    let (org, team) = find_team(world, call)?;
    let who = world
        .user_id(call.param("login"))
        .ok_or_else(Refusal::not_found)?;
    let state = match team.members.get(&who).ok_or_else(Refusal::not_found)? {
        Membership::Active => "active",
        Membership::Pending => "pending",
    };
    let url = world.api_url(&format!(
        "/organizations/{org}/team/{}/memberships/{}",
        team.id,
        world.user(who).login
    ));
    Answer::ok(json!({"state": state, "role": "member", "url": url}))
}

/// An account with what it may do in the repository.
fn collaborator(world: &World, call: &Call, id: UserId) -> Value {
    let role = world.role(call.repo, id);
    let mut shown = view::user(world, id);
    view::merge(
        &mut shown,
        json!({"permissions": view::role_flags(role), "role_name": role.name()}),
    );
    shown
}

/// Everyone with a role of their own: the owner, collaborators, members of teams, owners of the organisation.
pub fn everybody(world: &World, at: usize) -> Vec<UserId> {
    let repo = world.repo(at);
    let public = if repo.private { Role::None } else { Role::Read };
    world
        .users
        .values()
        .filter(|user| user.kind != Kind::Organization)
        .map(|user| user.id)
        .filter(|id| repo.roles.contains_key(id) || world.role(at, *id) > public)
        .collect()
}

/// `GET collaborators`.
pub fn collaborators(world: &mut World, call: &Call) -> Outcome {
    Answer::list(
        everybody(world, call.repo)
            .into_iter()
            .map(|id| collaborator(world, call, id))
            .collect(),
    )
}

/// `GET collaborators/{login}`: 204 or 404.
pub fn is_collaborator(world: &mut World, call: &Call) -> Outcome {
    let who = world
        .user_id(call.param("login"))
        .ok_or_else(Refusal::not_found)?;
    match everybody(world, call.repo).contains(&who) {
        true => Answer::empty(),
        false => Err(Refusal::not_found()),
    }
}

/// `GET collaborators/{login}/permission`: the caller needs push; an unknown login is 404, a stranger of a public repository `read`.
pub fn permission(world: &mut World, call: &Call) -> Outcome {
    call.actor()?;
    let integration = call.session.app().is_some() && visible(world, &call.session, call.repo);
    if !integration && acting_role(world, &call.session, call.repo) < Role::Write {
        return Err(Refusal::forbidden(
            "Must have push access to view collaborator permission.",
        ));
    }
    let who = world
        .user_id(call.param("login"))
        .ok_or_else(Refusal::not_found)?;
    let role = world.role(call.repo, who);
    Answer::ok(
        json!({"permission": role.permission(), "role_name": role.name(), "user": collaborator(world, call, who)}),
    )
}
