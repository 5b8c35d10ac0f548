//! A pipeline as YAML text. Every name in it is foreign, and quoted if it could be mistaken for something else.

use std::fmt::Write;

use super::input::Input;
use super::labels::Namespaces;
use super::pipelines::{Planned, PlannedService};
use crate::model::service::{Field, Service};
use crate::yaml::scalar::{Context, Quotes, render};

/// A value in block layout. One line, whatever the text holds.
pub(super) fn scalar(text: &str) -> String {
    render(text, Quotes::Plain, Context::Block)
}

/// A list on one line.
pub(super) fn list<'t>(items: impl IntoIterator<Item = &'t str>) -> String {
    let items: Vec<String> = items
        .into_iter()
        .map(|item| render(item, Quotes::Plain, Context::Flow))
        .collect();
    format!("[{}]", items.join(", "))
}

/// `name` and, if it is known, `namespace` of a service, a line each, with this indentation.
pub(super) fn reference(service: &Service, namespace: Option<&str>, indent: usize) -> String {
    let blanks = " ".repeat(indent);
    let mut text = format!("{blanks}name: {}\n", scalar(&service.key.name));
    if let Some(namespace) = namespace {
        let _ = writeln!(text, "{blanks}namespace: {}", scalar(namespace));
    }
    text
}

/// The whole file.
pub(super) fn text(input: &Input<'_>, pipeline: &Planned, namespaces: &Namespaces) -> String {
    let mut text = String::from(
        "# Proposed by `sluice init`. Sluice reads it from git; it need not be applied to a cluster.\n\
         apiVersion: deployments.plural.sh/v1alpha1\n\
         kind: Pipeline\n\
         metadata:\n",
    );
    let _ = writeln!(text, "  name: {}", scalar(&pipeline.name));
    if let Some(namespace) = common_namespace(input, pipeline, namespaces) {
        let _ = writeln!(text, "  namespace: {}", scalar(&namespace));
    }
    text.push_str("spec:\n  stages:\n");
    for stage in &pipeline.stages {
        let _ = writeln!(text, "    - name: {}\n      services:", scalar(&stage.name));
        for entry in &stage.services {
            service(&mut text, input, entry, namespaces);
        }
    }
    text.push_str("  edges:\n");
    for edge in &pipeline.edges {
        let (from, to) = (scalar(&edge.from), scalar(&edge.to));
        let _ = writeln!(text, "    - from: {from}\n      to: {to}");
        if let Some(gate) = &edge.gate {
            let gate = scalar(gate);
            let _ = writeln!(
                text,
                "      gates:\n        - name: {gate}\n          type: APPROVAL"
            );
        }
    }
    text
}

fn service(text: &mut String, input: &Input<'_>, entry: &PlannedService, namespaces: &Namespaces) {
    let target = input.catalog.service(entry.id);
    let of =
        |service: &Service, indent| reference(service, namespaces.of(service).as_deref(), indent);
    text.push_str("        - serviceRef:\n");
    text.push_str(&of(target, 12));
    let Some((_, source)) = &entry.source else {
        return;
    };
    let source = input.catalog.service(*source);
    text.push_str("          criteria:\n            serviceRef:\n");
    text.push_str(&of(source, 14));
    let keys: Vec<&str> = shared_keys(source, target);
    if !keys.is_empty() {
        let _ = writeln!(
            text,
            "            # Both have these configuration keys; list those that a promotion should copy too:\n            # \
             secrets: {}",
            list(keys)
        );
    }
}

/// Configuration keys that both sides have.
fn shared_keys<'s>(source: &'s Service, target: &Service) -> Vec<&'s str> {
    let entries = source.configuration.entries.iter();
    entries
        .filter(|(key, field)| {
            let single = |field: &Field| matches!(field, Field::Value(_) | Field::Empty(_));
            let theirs = target.configuration.entries.get(*key);
            single(field) && theirs.is_some_and(single)
        })
        .map(|(key, _)| key.as_str())
        .collect()
}

/// The one namespace that all of its services have.
fn common_namespace(
    input: &Input<'_>,
    pipeline: &Planned,
    namespaces: &Namespaces,
) -> Option<String> {
    let services = pipeline.stages.iter().flat_map(|stage| &stage.services);
    let mut all = services.map(|entry| namespaces.of(input.catalog.service(entry.id)));
    let first = all.next()??;
    all.all(|other| other.as_ref() == Some(&first))
        .then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{FieldPath, Limits, Lookup, Stream};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_name_comes_back_as_it_was_and_adds_no_line(name in "(?s).{0,40}", namespace in any::<String>()) {
            let text = format!(
                "a:\n  name: {}\n  # {}\n  list: {}\nb: c\n",
                scalar(&name),
                list([&*name, &*namespace]),
                list([&*name, &*namespace]),
            );
            prop_assert_eq!(text.lines().count(), 5);
            let stream = Stream::parse(text.as_bytes(), &Limits::default()).unwrap();
            let root = stream.documents()[0].root.unwrap();
            for (path, wanted) in [("a.name", &*name), ("a.list[0]", &name), ("a.list[1]", &namespace), ("b", "c")] {
                let path: FieldPath = path.parse().unwrap();
                let Lookup::Found { node, .. } = stream.lookup(root, &path) else {
                    panic!("{path} is not in {text}");
                };
                prop_assert_eq!(stream.scalar(node), Some(wanted));
                prop_assert!(!stream.is_null(node));
            }
        }
    }
}
