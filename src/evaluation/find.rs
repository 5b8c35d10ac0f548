//! Finds the pipeline and the stage that a person named.

use super::evaluate::Evaluation;
use crate::error::Failure;
use crate::model::ids::PipelineId;
use crate::model::nearest::nearest;
use crate::model::resolved::StageIndex;

/// The pipeline that a person named, as NAME or NAMESPACE/NAME.
///
/// # Errors
/// There is none, or there are several.
pub(crate) fn find_pipeline(
    evaluation: &Evaluation,
    pipeline: &str,
) -> Result<PipelineId, Failure> {
    let catalog = &evaluation.catalog;
    let (namespace, name) = match pipeline.split_once('/') {
        Some((namespace, name)) => (Some(namespace), name),
        None => (None, pipeline),
    };
    let named: Vec<PipelineId> = catalog
        .pipelines_named(name)
        .filter(|id| namespace.is_none() || catalog.pipeline(*id).namespace.as_deref() == namespace)
        .collect();
    let id = match named[..] {
        [one] => one,
        [] => {
            let known: Vec<&str> = catalog
                .pipelines
                .iter()
                .map(|pipeline| pipeline.name.as_str())
                .collect();
            let hint = match nearest(name, known.iter().copied()).first() {
                Some(near) => format!("did you mean {near}?"),
                None => format!("there are: {}", known.join(", ")),
            };
            return Err(Failure::usage(format!("there is no pipeline {pipeline}")).hint(hint));
        }
        _ => {
            return Err(
                Failure::usage(format!("there are several pipelines named {name}"))
                    .hint("use NAMESPACE/NAME"),
            );
        }
    };
    Ok(id)
}

/// The pipeline and stage that a person named.
///
/// # Errors
/// As [`find_pipeline`]; or the pipeline has no such stage.
pub(crate) fn find(
    evaluation: &Evaluation,
    pipeline: &str,
    to: &str,
) -> Result<(PipelineId, StageIndex), Failure> {
    let id = find_pipeline(evaluation, pipeline)?;
    let stages = &evaluation.catalog.pipeline(id).stages;
    match stages.iter().position(|stage| stage.name.as_str() == to) {
        Some(stage) => Ok((id, stage)),
        None => {
            let known: Vec<&str> = stages.iter().map(|stage| stage.name.as_str()).collect();
            let hint = match nearest(to, known.iter().copied()).first() {
                Some(near) => format!("did you mean {near}?"),
                None => format!("its stages are: {}", known.join(", ")),
            };
            Err(Failure::usage(format!("{pipeline} has no stage {to}")).hint(hint))
        }
    }
}
