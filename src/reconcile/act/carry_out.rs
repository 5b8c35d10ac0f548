//! Carries out the decisions, in an order in which a run may be interrupted at any point.

use std::collections::BTreeMap;

use crate::error::Failure;
use crate::forge::Writer;
use crate::model::promotion_index::PromotionIndex;
use crate::plan::delivery::Decision;
use crate::reconcile::act::land_one::land_one;
use crate::reconcile::guard;
use crate::reconcile::round::Round;
use crate::reconcile::state::{Progress, RunState};

/// First what does not move the base branch, then at most one landing, then what a later run can do as well, and last
/// the guard of the other pull requests. [`Progress::Changed`]: everything has to be read again. Once the writer has
/// stopped, nothing more is begun.
pub(crate) async fn carry_out(
    round: &Round<'_>,
    writer: &Writer,
    decisions: &BTreeMap<PromotionIndex, Decision>,
    run: &mut RunState,
) -> Result<Progress, Failure> {
    if writer.stopped().is_some() {
        return Ok(Progress::Unchanged);
    }
    if let Progress::Changed = round.prepare(writer, decisions, run).await? {
        return Ok(Progress::Changed);
    }
    if writer.stopped().is_some() {
        return Ok(Progress::Unchanged);
    }
    if let Progress::Changed = Box::pin(land_one(round, writer, decisions, run)).await? {
        return Ok(Progress::Changed);
    }
    if writer.stopped().is_some() {
        return Ok(Progress::Unchanged);
    }
    round.tidy(writer, decisions, run).await?;
    if writer.stopped().is_some() {
        return Ok(Progress::Unchanged);
    }
    guard::guard(round, writer, run).await
}
