//! `graph`: the pipelines as a Mermaid chart.

use super::call::Call;
use super::output::Output;
use crate::error::{Exit, Failure};
use crate::evaluation::evaluate::Evaluation;
use crate::evaluation::repository_state::ReadFrom;
use crate::model::finding::Severity;
use crate::model::text::counted;
use crate::report::{json, mermaid};

/// Draws the pipelines of PATH.
pub(super) fn run(call: &Call) -> Result<Output, Failure> {
    let repository = call.open(ReadFrom::Commit)?;
    let evaluation = Evaluation::of(&repository, call.now, false)?;
    let mut notices = repository.notices.clone();
    if evaluation.catalog.pipelines.is_empty() {
        notices.push("There is no Pipeline here, so there is nothing to draw.".to_owned());
    }
    let errors = evaluation
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .count();
    let text = if call.json() {
        json::graph(&evaluation.catalog, &evaluation.findings)
    } else {
        // Standard output is the chart, ready for a file or a Markdown fence.
        if errors > 0 {
            let command = call.again.within("sluice validate");
            let errors = counted(errors, "error");
            notices.push(format!("{errors}: {command} shows more"));
        }
        mermaid::chart(&evaluation.catalog)
    };
    Ok(Output {
        text,
        notices,
        exit: if errors > 0 {
            Exit::Invalid
        } else {
            Exit::Done
        },
    })
}
