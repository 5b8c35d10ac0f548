//! What mutations share: reading their input, and holding the caller to a permission.

use super::super::access::{Need, check};
use super::super::ids::RepoId;
use super::super::reply::Refusal;
use super::super::session::{Level, Role};
use super::super::world::World;
use super::value::Ctx;
use serde_json::Value;

/// Pushing: to a branch, or a merge into one.
pub const PUSH: &[(&str, Level)] = &[("contents", Level::Write)];

/// Holds the caller to a permission, as REST does.
pub fn may(
    world: &World,
    ctx: &Ctx<'_>,
    at: RepoId,
    any: &'static [(&'static str, Level)],
    role: Role,
) -> Result<(), Refusal> {
    check(world, ctx.session, at, Need { any, role })
}

/// A text of the input; empty if it was not given.
pub fn text(input: &Value, name: &str) -> String {
    input[name].as_str().unwrap_or_default().to_owned()
}

/// A text of the input, if it was given.
pub fn maybe(input: &Value, name: &str) -> Option<String> {
    input[name].as_str().map(str::to_owned)
}
