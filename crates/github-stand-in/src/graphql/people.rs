//! Accounts, teams, Apps, authors of commits.

use super::super::ids::{AppId, GHOST, UserId};
use super::super::reply::Refusal;
use super::super::rest::people::sees_members;
use super::super::store::{Commit, Person};
use super::super::view;
use super::super::world::{Kind as AccountKind, Team, World};
use super::value::{Args, Ctx, Found, Kind, Out, plain, unmodelled};

const BORN: &str = "2020-01-01T00:00:00Z";

/// An account: User, Bot, Mannequin or Organization.
pub fn account(ctx: &Ctx<'_>, id: UserId, field: &str, args: &Args) -> Found {
    let world = ctx.world();
    let user = world.user(id);
    let page = match user.kind {
        AccountKind::Bot => format!("/apps/{}", user.login.trim_end_matches("[bot]")),
        _ => format!("/{}", user.login),
    };
    // GraphQL names bots without the suffix that REST gives them.
    let login = user.login.trim_end_matches("[bot]");
    Ok(match field {
        "id" => Out::leaf(view::node("U", id)),
        "databaseId" => Out::leaf(id),
        "login" => Out::leaf(login),
        "name" => Out::leaf(user.name.as_str()),
        // No one here shows an address.
        "email" => Out::leaf(""),
        "url" => Out::leaf(format!("{}{page}", world.html)),
        "resourcePath" => Out::leaf(page),
        "avatarUrl" => Out::leaf(format!("{}/avatars/u/{id}", world.html)),
        "createdAt" | "updatedAt" => Out::leaf(BORN),
        "isViewer" => Out::leaf(ctx.session.actor() == Some(id)),
        "isSiteAdmin" | "isEmployee" => Out::leaf(false),
        "claimant" | "company" | "bio" | "location" | "websiteUrl" => Out::NULL,
        "repository" => {
            let found = world.repo_id(login, args.text("name").unwrap_or_default());
            Out::maybe(found.map(Kind::Repository))
        }
        "team" => {
            sees_members(&world, ctx.session, id)?;
            let slug = args.text("slug").unwrap_or_default();
            let team = world
                .orgs
                .get(&id)
                .and_then(|org| org.teams.iter().find(|team| team.slug == slug));
            Out::maybe(team.map(|found| team_of(&world, id, found)))
        }
        "projects" => Out::page(Vec::new()),
        "teams" => {
            sees_members(&world, ctx.session, id)?;
            let teams = world
                .orgs
                .get(&id)
                .map(|org| org.teams.as_slice())
                .unwrap_or_default();
            Out::page(
                teams
                    .iter()
                    .map(|found| team_of(&world, id, found))
                    .collect(),
            )
        }
        _ => unmodelled(user.kind.name(), field),
    })
}

/// An account where the schema says User: an App's account keeps its `[bot]` there.
pub fn as_user(ctx: &Ctx<'_>, id: UserId, field: &str, args: &Args) -> Found {
    match field {
        "login" => Ok(Out::leaf(ctx.world().user(id).login.as_str())),
        _ => account(ctx, id, field, args),
    }
}

/// The [`Kind`] of an account where the schema says User.
pub fn user_of(world: &World, id: UserId) -> Kind {
    match world.user(id).kind {
        AccountKind::Bot => Kind::AsUser(id),
        _ => Kind::Account(id),
    }
}

/// The account of this kind with the login that was asked for.
pub fn named(world: &World, args: &Args, kind: AccountKind, what: &str) -> Result<Kind, Refusal> {
    let login = args.text("login").unwrap_or_default();
    let found = world.user_id(login);
    match found.filter(|id| world.user(*id).kind == kind) {
        Some(id) => Ok(Kind::Account(id)),
        None => Err(Refusal {
            message: format!("Could not resolve to {what} with the login of '{login}'."),
            ..Refusal::not_found()
        }),
    }
}

/// A team.
pub fn team_of(world: &World, org: UserId, team: &Team) -> Kind {
    let path = format!("/orgs/{}/teams/{}", world.user(org).login, team.slug);
    plain(
        "Team",
        [
            ("id", Out::leaf(view::node("T", team.id))),
            ("databaseId", Out::leaf(team.id)),
            ("name", Out::leaf(team.slug.as_str())),
            ("slug", Out::leaf(team.slug.as_str())),
            (
                "combinedSlug",
                Out::leaf(format!("{}/{}", world.user(org).login, team.slug)),
            ),
            ("organization", Out::One(Kind::Account(org))),
            ("url", Out::leaf(format!("{}{path}", world.html))),
            ("resourcePath", Out::leaf(path)),
        ],
    )
}

/// An App.
pub fn app(world: &World, id: AppId) -> Out {
    let Some(app) = world.apps.get(&id) else {
        return Out::NULL;
    };
    Out::One(plain(
        "App",
        [
            ("id", Out::leaf(view::node("A", id))),
            ("databaseId", Out::leaf(id)),
            ("name", Out::leaf(app.slug.as_str())),
            ("slug", Out::leaf(app.slug.as_str())),
            (
                "url",
                Out::leaf(format!("{}/apps/{}", world.html, app.slug)),
            ),
            ("createdAt", Out::leaf(BORN)),
            ("updatedAt", Out::leaf(BORN)),
        ],
    ))
}

/// Author or committer of a commit; `user` is null if the address belongs to no account. An App's account is shown as a
/// User there.
pub fn git_actor(world: &World, person: &Person) -> Out {
    Out::One(git_actor_of(world, person))
}

/// The authors of a commit: its own first, then those whom a `Co-authored-by` trailer names.
pub fn authors(world: &World, commit: &Commit) -> Vec<Kind> {
    let mut found = vec![git_actor_of(world, &commit.author)];
    let trailers = commit.message.trim_end().rsplit("\n\n").next();
    for line in trailers.into_iter().flat_map(str::lines) {
        let Some((key, value)) = line.split_once(':') else {
            continue;
        };
        let named = value
            .trim()
            .strip_suffix('>')
            .and_then(|value| value.split_once('<'));
        if let (true, Some((name, email))) = (key.eq_ignore_ascii_case("co-authored-by"), named) {
            let person = Person {
                name: name.trim().to_owned(),
                email: email.trim().to_owned(),
                at: commit.author.at,
            };
            found.push(git_actor_of(world, &person));
        }
    }
    found
}

fn git_actor_of(world: &World, person: &Person) -> Kind {
    let account = world.user_by_email(&person.email);
    let avatar = account.map_or(0, |user| user.id);
    let user = account
        .filter(|user| matches!(user.kind, AccountKind::User | AccountKind::Bot))
        .map(|user| user_of(world, user.id));
    plain(
        "GitActor",
        [
            ("name", Out::leaf(person.name.as_str())),
            ("email", Out::leaf(person.email.as_str())),
            ("date", Out::leaf(super::super::clock::stamp(person.at))),
            ("user", Out::maybe(user)),
            (
                "avatarUrl",
                Out::leaf(format!("{}/avatars/u/{avatar}", world.html)),
            ),
        ],
    )
}

/// An account, or null if it was deleted.
pub fn actor(id: Option<UserId>) -> Out {
    Out::maybe(id.filter(|id| *id != GHOST).map(Kind::Account))
}

/// An account, if only a person is possible.
pub fn person(world: &World, id: Option<UserId>) -> Out {
    let person = id.filter(|id| world.user(*id).kind == AccountKind::User);
    Out::maybe(person.map(Kind::Account))
}
