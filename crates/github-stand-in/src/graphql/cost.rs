//! What a query takes from the hour's points, as GitHub publishes it: every connection counts once for each parent that it could have,
//! by the limits that the query gives and not by what is there; a hundred of these are a point, and a query costs at least one.

use apollo_compiler::ast::{Definition, Document, FragmentDefinition, OperationType, Selection};
use apollo_compiler::{Name, Node};
use serde_json::Value;
use std::collections::HashMap;

type Fragments<'d> = HashMap<&'d Name, &'d Node<FragmentDefinition>>;

/// The points of one request.
pub fn points(body: &[u8]) -> u64 {
    let request: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let text = request["query"].as_str().unwrap_or_default();
    let Ok(document) = Document::parse(text, "query.graphql") else {
        return 1;
    };
    let fragments: Fragments<'_> = document
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            Definition::FragmentDefinition(fragment) => Some((&fragment.name, fragment)),
            _ => None,
        })
        .collect();
    let requests: u64 = document
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            Definition::OperationDefinition(found)
                if found.operation_type == OperationType::Query =>
            {
                Some(requests(
                    &found.selection_set,
                    1,
                    &fragments,
                    &request["variables"],
                ))
            }
            _ => None,
        })
        .sum();
    ((requests + 50) / 100).max(1)
}

fn requests(
    selections: &[Selection],
    parents: u64,
    fragments: &Fragments<'_>,
    variables: &Value,
) -> u64 {
    selections
        .iter()
        .map(|selection| match selection {
            Selection::Field(field) => {
                let limit = field
                    .arguments
                    .iter()
                    .find(|argument| matches!(argument.name.as_str(), "first" | "last"))
                    .and_then(|argument| {
                        let text = argument.value.to_string();
                        match text.strip_prefix('$') {
                            Some(name) => variables[name].as_u64(),
                            None => text.parse().ok(),
                        }
                    });
                let (own, children) =
                    limit.map_or((0, parents), |limit| (parents, parents * limit));
                own + requests(&field.selection_set, children, fragments, variables)
            }
            Selection::InlineFragment(inline) => {
                requests(&inline.selection_set, parents, fragments, variables)
            }
            Selection::FragmentSpread(spread) => {
                fragments.get(&spread.fragment_name).map_or(0, |fragment| {
                    requests(&fragment.selection_set, parents, fragments, variables)
                })
            }
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::points;
    use serde_json::json;

    fn of(query: &str) -> u64 {
        points(
            json!({ "query": query, "variables": { "n": 50 } })
                .to_string()
                .as_bytes(),
        )
    }

    #[test]
    fn the_example_that_github_gives_costs_what_github_says() {
        let query = "query($n: Int!) { viewer { login repositories(first: 100) { edges { node { id issues(first: $n) { edges { node { id ...labelled } } } } } } } } \
            fragment labelled on Issue { labels(first: 60) { edges { node { id name } } } }";
        assert_eq!(of(query), 51);
    }

    #[test]
    fn a_query_without_connections_costs_a_point_and_so_does_a_mutation() {
        assert_eq!(of("{ viewer { login } }"), 1);
        assert_eq!(
            of("mutation { x { y(first: 100) { z(first: 100) { w(first: 100) } } } }"),
            1
        );
    }
}
