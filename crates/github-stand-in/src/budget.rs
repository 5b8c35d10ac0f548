//! Rate limits, by the virtual clock. The primary limit: one bucket an hour for each resource and token, or for each
//! resource and repository if the token is a workflow's. The secondary limit: a state of a token in which all its calls
//! are refused.

use super::secondary_limit::Secondary;
use super::session::{Session, TokenKind};
use super::world::{Bucket, World};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

fn limit(world: &World, session: &Session) -> u64 {
    match session.token.as_ref().map(|token| &token.kind) {
        None => 60,
        Some(TokenKind::Workflow(..)) => world.switches.workflow_limit,
        Some(_) => world.switches.limit,
    }
}

/// Whose budget a call is charged to: all workflow tokens of one repository share it, however many runs there are.
fn owner(session: &Session) -> String {
    match &session.token {
        None => String::new(),
        Some(token) => match token.kind {
            TokenKind::Workflow(repo, _) => format!("workflows of repository {repo}"),
            _ => token.text.clone(),
        },
    }
}

fn bucket<'w>(world: &'w mut World, session: &Session, resource: &'static str) -> &'w mut Bucket {
    let now = world.now();
    let key = owner(session);
    let fresh = Bucket {
        used: 0,
        reset: now + SignedDuration::from_hours(1),
    };
    let found = world.buckets.entry((key, resource)).or_insert(fresh);
    if found.reset <= now {
        *found = fresh;
    }
    found
}

/// Takes `cost` from the budget; false if nothing was left.
pub fn take(world: &mut World, session: &Session, resource: &'static str, cost: u64) -> bool {
    let limit = limit(world, session);
    let bucket = bucket(world, session, resource);
    let left = bucket.used < limit;
    if left {
        bucket.used = (bucket.used + cost).min(limit);
    }
    left
}

/// Uses up everything that is left, so that the next call meets the primary limit.
pub fn exhaust(world: &mut World, session: &Session, resource: &'static str) {
    let limit = limit(world, session);
    bucket(world, session, resource).used = limit;
}

/// The budget as `GET /rate_limit` prints it.
pub fn view(world: &mut World, session: &Session, resource: &'static str) -> Value {
    let limit = limit(world, session);
    let bucket = bucket(world, session, resource);
    json!({"limit": limit, "used": bucket.used, "remaining": limit - bucket.used.min(limit), "reset": bucket.reset.as_second()})
}

/// Gives one call back: an answer 304 is free.
pub fn refund(world: &mut World, session: &Session, resource: &'static str) {
    let bucket = bucket(world, session, resource);
    bucket.used = bucket.used.saturating_sub(1);
}

/// Begins the secondary limit of a token.
pub fn slow_down(world: &mut World, session: &Session, secondary: Secondary) {
    let until = world.now() + SignedDuration::from_secs(i64::try_from(secondary.seconds).unwrap());
    world.slowed_down.insert(owner(session), (until, secondary));
}

/// The secondary limit that a token is under, with the seconds that are left of it.
pub fn slowed_down(world: &World, session: &Session) -> Option<(u64, Secondary)> {
    let (until, secondary) = world.slowed_down.get(&owner(session))?;
    let left: i64 = Timestamp::as_second(*until) - world.now().as_second();
    u64::try_from(left)
        .ok()
        .filter(|left| *left > 0)
        .map(|left| (left, *secondary))
}
