//! The step summary: what a person has to do first, then what happened, then what is waiting.

use super::engine::{Bounds, Escape, RenderError, render};

mod content;
mod view;

pub(crate) use content::{Ahead, Pull, Row, Summary};

/// GitHub takes 1 MiB; a longer summary is not shown at all.
const MAX_BYTES: usize = 1_000_000;

impl Summary<'_> {
    /// The Markdown. If it would be too long, its lists are shortened and it says so.
    pub(crate) fn markdown(&self) -> Result<String, RenderError> {
        const BOUNDS: Bounds = Bounds {
            fuel: 20_000_000,
            bytes: MAX_BYTES,
        };
        let mut budget = view::SizeBudget::whole(self);
        loop {
            let text = render(
                "summary",
                include_str!("summary.md.jinja"),
                view::of(self, budget),
                Escape::Markdown(budget.text),
                BOUNDS,
            );
            match (text, budget.smaller()) {
                (Err(_), Some(smaller)) => budget = smaller,
                (text, _) => return text,
            }
        }
    }
}

#[cfg(test)]
mod tests;
