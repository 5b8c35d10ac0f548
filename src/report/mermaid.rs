//! Pipelines as Mermaid flow charts.

use std::collections::HashMap;
use std::fmt::Write;

use super::escape::mermaid;
use crate::model::catalog::Catalog;
use crate::model::name::{StageName, full_name};
use crate::model::pipeline::{EdgeEnds, Pipeline};

/// All pipelines as one chart.
pub(crate) fn chart(catalog: &Catalog) -> String {
    chart_of(&catalog.pipelines)
}

/// Pipelines as one chart: a box per pipeline, a node per stage with its services, an arrow per edge with its gates.
pub(crate) fn chart_of<'a>(pipelines: impl IntoIterator<Item = &'a Pipeline>) -> String {
    let mut text = String::from("flowchart LR\n");
    for (index, pipeline) in pipelines.into_iter().enumerate() {
        let _ = writeln!(
            text,
            "  subgraph p{index}[\"{}\"]",
            mermaid(pipeline.name.as_str())
        );
        for (stage_index, stage) in pipeline.stages.iter().enumerate() {
            let services: Vec<String> = stage
                .services
                .iter()
                .map(|entry| {
                    let reference = &entry.reference;
                    mermaid(&full_name(reference.namespace.as_deref(), &reference.name))
                })
                .collect();
            let mut label = format!("<b>{}</b>", mermaid(stage.name.as_str()));
            for service in services {
                label.push_str("<br/>");
                label.push_str(&service);
            }
            let _ = writeln!(text, "    p{index}s{stage_index}[\"{label}\"]");
        }
        let mut named: HashMap<&StageName, usize> = HashMap::new();
        for (stage_index, stage) in pipeline.stages.iter().enumerate() {
            named.entry(&stage.name.value).or_insert(stage_index);
        }
        for edge in &pipeline.edges {
            let EdgeEnds::Stages { from, to } = &edge.ends else {
                continue;
            };
            let (Some(from), Some(to)) = (named.get(&from.value), named.get(&to.value)) else {
                continue;
            };
            let gates: Vec<String> = edge
                .gates
                .iter()
                .map(|gate| mermaid(&format!("{} ({})", gate.name, gate.kind)))
                .collect();
            let arrow = if gates.is_empty() {
                "-->".to_owned()
            } else {
                format!("-->|\"{}\"|", gates.join("<br/>"))
            };
            let _ = writeln!(text, "    p{index}s{from} {arrow} p{index}s{to}");
        }
        text.push_str("  end\n");
    }
    text
}
