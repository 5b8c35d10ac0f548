//! The body of a promotion's pull request. It is read on a phone: what a person is asked for comes first, lists instead
//! of tables, no boxes to tick. It holds no clock and no run id: the same state gives the same bytes.

use super::engine::{Bounds, Escape, RenderError, render};
use crate::model::label;
use crate::model::plan::Promotion;
use crate::model::policy::Land;

mod budget;
mod content;
mod gate_view;
mod view;

pub(crate) use content::{Commit, Commits, GateDetail, HeldFor, Landed, PullRequest};

/// GitHub takes 65,536 characters; bytes are never fewer.
const MAX_BYTES: usize = 60_000;

impl<'a> PullRequest<'a> {
    /// The body's parts that are always known, the rest empty.
    pub(crate) fn new(pipeline: &'a str, promotion: &'a Promotion) -> Self {
        Self {
            pipeline,
            repository: None,
            promotion,
            gates: Vec::new(),
            compare: Vec::new(),
            brought: Vec::new(),
            commits: Vec::new(),
            can_approve: Vec::new(),
            land: Land::default(),
            hold_label: label::HOLD,
            hold_label_missing: false,
            ready_since: None,
            replaces: None,
            newer: None,
            held: None,
            note: None,
            reason: None,
            held_back: None,
            landed: None,
        }
    }

    /// The body. If it would be longer than GitHub accepts, lists are shortened and say by how much.
    pub(crate) fn body(&self) -> Result<String, RenderError> {
        const BOUNDS: Bounds = Bounds {
            fuel: 200_000,
            bytes: MAX_BYTES,
        };
        let within = |budget: budget::SizeBudget| {
            render(
                "pull request",
                include_str!("pull_request.md.jinja"),
                view::of(self, budget),
                Escape::Markdown(budget.text),
                BOUNDS,
            )
        };
        budget::BUDGETS
            .into_iter()
            .find_map(|budget| within(budget).ok())
            .map_or_else(|| within(budget::LEAST), Ok)
    }
}

#[cfg(test)]
mod tests;
