//! Accounts, teams, Apps, authors of commits.

use super::super::store::Person;
use super::super::view;
use super::super::world::{AppId, Kind as AccountKind, Team, UserId, World};
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
        "email" => Out::leaf(user.email.as_str()),
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
            let slug = args.text("slug").unwrap_or_default();
            let team = world
                .orgs
                .get(&id)
                .and_then(|org| org.teams.iter().find(|team| team.slug == slug));
            Out::maybe(team.map(|found| team_of(&world, id, found)))
        }
        "projects" => Out::page(Vec::new()),
        "teams" => {
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

/// Author or committer of a commit; `user` is null for bots, as on GitHub, and where the address belongs to nobody.
pub fn git_actor(world: &World, person: &Person) -> Out {
    let account = world.user_by_email(&person.email);
    let avatar = account.map_or(0, |user| user.id);
    let user = account
        .filter(|user| user.kind == AccountKind::User)
        .map(|user| Kind::Account(user.id));
    Out::One(plain(
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
    ))
}

/// An account, or null where it is gone.
pub fn actor(id: Option<UserId>) -> Out {
    Out::maybe(id.map(Kind::Account))
}

/// An account, where only a person fits.
pub fn person(world: &World, id: Option<UserId>) -> Out {
    let person = id.filter(|id| world.user(*id).kind == AccountKind::User);
    Out::maybe(person.map(Kind::Account))
}
