//! Rate limits: one bucket an hour for each token and resource, by the virtual clock. Counts; refuses when used up.

use super::access::{Session, TokenKind};
use super::world::{Bucket, World};
use jiff::SignedDuration;
use serde_json::{Value, json};

fn limit(world: &World, session: &Session) -> u64 {
    match session.token.as_ref().map(|token| &token.kind) {
        None => 60,
        Some(TokenKind::Workflow(..)) => world.switches.workflow_limit,
        Some(_) => world.switches.limit,
    }
}

fn bucket<'w>(world: &'w mut World, session: &Session, resource: &'static str) -> &'w mut Bucket {
    let now = world.now();
    let key = session
        .token
        .as_ref()
        .map(|token| token.text.clone())
        .unwrap_or_default();
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

/// Takes `cost` from the budget; false where nothing was left.
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
