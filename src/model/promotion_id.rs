//! What identifies a pipeline, a stage and a promotion in manifests, records and open pull requests.
//!
//! These are names, not indices, so they mean the same in every catalog: at another commit, in a landing's record and
//! on a branch. For the index of a pipeline in one catalog see [`PipelineId`](super::ids::PipelineId).

use std::fmt;

use super::name::{EdgeName, PipelineName, StageName, full_name};

/// A pipeline's namespace and name. Shown as `namespace/name`, or as `name` without a namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PipelineKey {
    /// `metadata.namespace`, or what the policy fills in; `None` if neither gives one.
    pub namespace: Option<String>,
    /// `metadata.name`.
    pub name: PipelineName,
}

impl PipelineKey {
    /// The key of this namespace and name.
    pub fn new(namespace: Option<String>, name: impl Into<PipelineName>) -> Self {
        Self {
            namespace,
            name: name.into(),
        }
    }

    /// The key of one of its stages.
    pub fn stage(&self, stage: &StageName) -> StageKey {
        StageKey {
            pipeline: self.clone(),
            stage: stage.clone(),
        }
    }
}

impl fmt::Display for PipelineKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&full_name(self.namespace.as_deref(), self.name.as_str()))
    }
}

/// A stage of a pipeline. Shown as `namespace/pipeline/stage`, or as `pipeline/stage` without a namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StageKey {
    /// Its pipeline.
    pub pipeline: PipelineKey,
    /// Its name in the pipeline.
    pub stage: StageName,
}

impl fmt::Display for StageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.pipeline, self.stage)
    }
}

/// A promotion: a stage, and the edges along which it is promoted. With `join: any` a stage has one promotion per edge.
///
/// Two promotions are the same if pipeline, stage and edges are, whatever they change and in whatever order their edges
/// were given.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PromotionId {
    /// The pipeline.
    pub pipeline: PipelineKey,
    /// The stage that is promoted into.
    pub stage: StageName,
    edges: Vec<EdgeName>,
}

impl PromotionId {
    /// The promotion of this stage along these edges, in any order.
    pub fn new(pipeline: PipelineKey, stage: StageName, mut edges: Vec<EdgeName>) -> Self {
        edges.sort();
        Self {
            pipeline,
            stage,
            edges,
        }
    }

    /// The edges, sorted.
    pub fn edges(&self) -> &[EdgeName] {
        &self.edges
    }

    /// The stage that is promoted into.
    pub fn stage_key(&self) -> StageKey {
        self.pipeline.stage(&self.stage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(from: &str) -> EdgeName {
        EdgeName {
            from: from.into(),
            to: "prod".into(),
        }
    }

    #[test]
    fn a_key_is_shown_with_its_namespace_if_it_has_one() {
        let with = PipelineKey::new(Some("apps".to_owned()), "podinfo");
        let without = PipelineKey::new(None, "podinfo");
        assert_eq!(with.to_string(), "apps/podinfo");
        assert_eq!(without.to_string(), "podinfo");
        assert_eq!(with.stage(&"prod".into()).to_string(), "apps/podinfo/prod");
        assert_eq!(without.stage(&"prod".into()).to_string(), "podinfo/prod");
    }

    #[test]
    fn the_order_of_edges_does_not_matter_and_everything_else_does() {
        let pipeline = PipelineKey::new(None, "podinfo");
        let of = |edges: Vec<EdgeName>| PromotionId::new(pipeline.clone(), "prod".into(), edges);
        let both = of(vec![edge("qa"), edge("dev")]);
        assert_eq!(both, of(vec![edge("dev"), edge("qa")]));
        assert_eq!(both.edges(), [edge("dev"), edge("qa")]);
        assert_ne!(both, of(vec![edge("dev")]));
        let other = PipelineKey::new(Some("apps".to_owned()), "podinfo");
        let edges = both.edges().to_vec();
        assert_ne!(both, PromotionId::new(other, "prod".into(), edges));
    }
}
