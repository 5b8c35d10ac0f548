//! The same thing twice: shared by the checks that look for it.

use std::collections::HashMap;
use std::hash::Hash;

use super::check::only;
use crate::model::finding::Finding;
use crate::model::ids::PipelineId;
use crate::model::pipeline::Pipeline;
use crate::yaml::Position;

/// One finding for each thing that was there before.
pub(super) fn twice<K: Hash + Eq>(
    code: &'static str,
    pipeline: &Pipeline,
    id: PipelineId,
    things: impl Iterator<Item = (K, Position, String)>,
) -> Vec<Finding> {
    let mut seen: HashMap<K, Position> = HashMap::new();
    let mut findings = Vec::new();
    for (key, at, what) in things {
        match seen.get(&key) {
            Some(first) => findings.push(
                Finding::error(
                    code,
                    pipeline.place(at),
                    format!(
                        "{what} is listed twice; first at {}",
                        pipeline.place(*first)
                    ),
                    only(id),
                )
                .help("remove one of the two"),
            ),
            None => {
                seen.insert(key, at);
            }
        }
    }
    findings
}
