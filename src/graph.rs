//! The directed graph of a pipeline's stages; wraps petgraph wholly.
//!
//! Knows stages by index and edges by their ends. What a stage holds and what an edge demands is not known here.

use std::collections::HashSet;

use petgraph::Direction;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

use crate::model::resolved::{ResolvedPipeline, StageIndex};

/// A pipeline's stages and edges.
#[derive(Debug)]
pub(crate) struct StageGraph {
    /// Node weights are stage indices in order, so that node index and stage index are the same number; edge weights
    /// are edge indices.
    graph: DiGraph<StageIndex, usize>,
}

impl StageGraph {
    /// The graph of a pipeline: edges whose ends name no stage are left out.
    pub(crate) fn of(pipeline: &ResolvedPipeline) -> Self {
        let mut graph = DiGraph::new();
        for index in 0..pipeline.stages.len() {
            graph.add_node(index);
        }
        for (index, ends) in pipeline.edges.iter().enumerate() {
            if let Some((from, to)) = ends {
                graph.add_edge(NodeIndex::new(*from), NodeIndex::new(*to), index);
            }
        }
        Self { graph }
    }

    /// Every stage after all stages with an edge to it; otherwise in the order of the manifest. `None` if there is a
    /// cycle.
    pub(crate) fn in_order(&self) -> Option<Vec<StageIndex>> {
        let mut waiting: Vec<usize> = self
            .graph
            .node_indices()
            .map(|node| self.graph.edges_directed(node, Direction::Incoming).count())
            .collect();
        let mut ready: std::collections::BTreeSet<StageIndex> = (0..waiting.len())
            .filter(|stage| waiting[*stage] == 0)
            .collect();
        let mut order = Vec::with_capacity(waiting.len());
        while let Some(stage) = ready.pop_first() {
            order.push(stage);
            for edge in self
                .graph
                .edges_directed(NodeIndex::new(stage), Direction::Outgoing)
            {
                let next = edge.target().index();
                waiting[next] -= 1;
                if waiting[next] == 0 {
                    ready.insert(next);
                }
            }
        }
        (order.len() == waiting.len()).then_some(order)
    }

    /// The cycles of more than one stage, each as its stages in the order of the edges, beginning with the one that is
    /// first in the manifest.
    pub(crate) fn cycles(&self) -> Vec<Vec<StageIndex>> {
        // Not by Tarjan: petgraph does that by recursion, and a chain may be as long as a file.
        let mut cycles: Vec<_> = kosaraju_scc(&self.graph)
            .into_iter()
            .filter(|component| component.len() > 1)
            .map(|component| self.cycle_within(&component))
            .collect();
        cycles.sort();
        cycles
    }

    /// One cycle inside a strongly connected component: the shortest one through its first stage.
    fn cycle_within(&self, component: &[NodeIndex]) -> Vec<StageIndex> {
        let Some(start) = component.iter().min().copied() else {
            return Vec::new();
        };
        let within: HashSet<&NodeIndex> = component.iter().collect();
        let mut came_from = std::collections::BTreeMap::new();
        let mut queue = std::collections::VecDeque::from([start]);
        while let Some(node) = queue.pop_front() {
            let mut next: Vec<_> = self
                .graph
                .neighbors(node)
                .filter(|next| within.contains(next))
                .collect();
            next.sort();
            for neighbour in next {
                if neighbour == start {
                    let mut cycle = vec![node.index()];
                    let mut at = node;
                    while let Some(before) = came_from.get(&at).copied() {
                        cycle.push(NodeIndex::index(before));
                        at = before;
                    }
                    cycle.reverse();
                    return cycle;
                }
                if let std::collections::btree_map::Entry::Vacant(entry) =
                    came_from.entry(neighbour)
                {
                    entry.insert(node);
                    queue.push_back(neighbour);
                }
            }
        }
        component.iter().map(|node| node.index()).collect()
    }

    /// Stages that no edge touches.
    pub(crate) fn untouched(&self) -> Vec<StageIndex> {
        self.graph
            .node_indices()
            .filter(|node| self.graph.neighbors_undirected(*node).next().is_none())
            .map(NodeIndex::index)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::PipelineId;
    use crate::model::resolved::ResolvedStage;

    fn graph(stages: usize, edges: &[(usize, usize)]) -> StageGraph {
        let stage = |_| ResolvedStage {
            services: Vec::new(),
        };
        let edges = edges.iter().copied().map(Some).collect();
        StageGraph::of(&ResolvedPipeline::new(
            PipelineId(0),
            (0..stages).map(stage).collect(),
            edges,
        ))
    }

    #[test]
    fn a_stage_comes_after_everything_that_leads_to_it_and_else_as_written() {
        assert_eq!(
            graph(4, &[(3, 0), (0, 2)]).in_order(),
            Some(vec![1, 3, 0, 2])
        );
        assert_eq!(
            graph(4, &[(0, 1), (0, 2), (1, 3), (2, 3)]).in_order(),
            Some(vec![0, 1, 2, 3])
        );
        assert_eq!(graph(0, &[]).in_order(), Some(vec![]));
    }

    #[test]
    fn a_cycle_is_named_in_the_order_of_its_edges() {
        let graph = graph(5, &[(0, 3), (3, 1), (1, 0), (1, 2)]);
        assert_eq!(graph.in_order(), None);
        assert_eq!(graph.cycles(), [vec![0, 3, 1]]);
        assert_eq!(graph.untouched(), [4]);
    }

    #[test]
    fn two_cycles_are_both_named() {
        assert_eq!(
            graph(4, &[(0, 1), (1, 0), (2, 3), (3, 2)]).cycles(),
            [vec![0, 1], vec![2, 3]]
        );
    }

    mod properties {
        use super::*;
        use proptest::prelude::*;

        proptest! {
            #[test]
            fn the_order_respects_every_edge(edges in prop::collection::vec((0usize..12, 0usize..12), 0..40)) {
                let forward: Vec<_> = edges.into_iter().filter(|(a, b)| a < b).collect();
                let order = graph(12, &forward).in_order().unwrap();
                let at = |stage: usize| order.iter().position(|s| *s == stage).unwrap();
                prop_assert_eq!(order.len(), 12);
                for (from, to) in forward {
                    prop_assert!(at(from) < at(to));
                }
            }

            #[test]
            fn what_has_no_order_has_a_real_cycle(edges in prop::collection::vec((0usize..8, 0usize..8), 0..30)) {
                let edges: Vec<_> = edges.into_iter().filter(|(a, b)| a != b).collect();
                let graph = graph(8, &edges);
                prop_assert_eq!(graph.in_order().is_none(), !graph.cycles().is_empty());
                for cycle in graph.cycles() {
                    for pair in 0..cycle.len() {
                        let step = (cycle[pair], cycle[(pair + 1) % cycle.len()]);
                        prop_assert!(edges.contains(&step), "{:?} in {:?}", step, cycle);
                    }
                }
            }
        }
    }
}
