//! Reading workflow files. Only what Sluice asks of them; what GitHub would refuse in the rest is not looked for.

mod schedule;

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::model::workflow::{ActionStep, Input, UnreadWorkflow, Workflow, is_action};
use crate::yaml::de::from_node;
use crate::yaml::{Limits, Stream};

pub(crate) use schedule::longest_interval;

/// Reads a workflow file.
///
/// # Errors
/// It is not YAML, not one document, or not in the shape of a workflow.
pub(crate) fn parse(file: &str, bytes: &[u8]) -> Result<Workflow, UnreadWorkflow> {
    let unread = |why: String| UnreadWorkflow {
        file: file.to_owned(),
        why,
    };
    let stream = Stream::parse(bytes, &Limits::default()).map_err(|error| {
        let at = error.position;
        unread(format!("{}:{}: {}", at.line, at.column, error.message))
    })?;
    let mut roots = stream
        .documents()
        .iter()
        .filter_map(|document| document.root);
    let (Some(root), None) = (roots.next(), roots.next()) else {
        return Err(unread("it is not one YAML document".to_owned()));
    };
    let shape: FileShape = from_node(&stream, root).map_err(|error| {
        let at = error.position;
        unread(format!("{}:{}: {}", at.line, at.column, error.message))
    })?;
    let steps = shape.jobs.into_values().flat_map(|job| job.steps);
    let steps = steps.filter_map(|step| {
        let uses = step.uses.filter(|uses| is_action(uses))?;
        let command = step.with.get("command").cloned().flatten();
        Some(ActionStep { uses, command })
    });
    Ok(Workflow {
        file: file.to_owned(),
        steps: steps.collect(),
        inputs: shape.on.dispatch,
        schedule: shape.on.schedule,
    })
}

#[derive(Deserialize)]
struct FileShape {
    #[serde(default)]
    on: Triggers,
    #[serde(default)]
    jobs: BTreeMap<String, JobShape>,
}

#[derive(Deserialize)]
struct JobShape {
    /// A job that calls another workflow has none.
    #[serde(default)]
    steps: Vec<StepShape>,
}

#[derive(Deserialize)]
struct StepShape {
    uses: Option<String>,
    #[serde(default)]
    with: BTreeMap<String, Option<String>>,
}

/// `on`: an event, a list of events, or events with what limits them.
#[derive(Default)]
struct Triggers {
    dispatch: Option<BTreeMap<String, Input>>,
    schedule: Vec<String>,
}

const DISPATCH: &str = "workflow_dispatch";

impl Triggers {
    fn add(&mut self, event: &str) {
        if event == DISPATCH {
            self.dispatch = Some(BTreeMap::new());
        }
    }
}

impl<'de> Deserialize<'de> for Triggers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TriggersVisitor)
    }
}

struct TriggersVisitor;

impl<'de> Visitor<'de> for TriggersVisitor {
    type Value = Triggers;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an event, a list of events or a mapping of events")
    }

    fn visit_str<E: Error>(self, event: &str) -> Result<Triggers, E> {
        let mut found = Triggers::default();
        found.add(event);
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut events: A) -> Result<Triggers, A::Error> {
        let mut found = Triggers::default();
        while let Some(event) = events.next_element::<String>()? {
            found.add(&event);
        }
        Ok(found)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut events: A) -> Result<Triggers, A::Error> {
        let mut found = Triggers::default();
        while let Some(event) = events.next_key::<String>()? {
            match event.as_str() {
                DISPATCH => {
                    let about: Option<DispatchShape> = events.next_value()?;
                    let inputs = about.and_then(|about| about.inputs).unwrap_or_default();
                    let inputs = inputs.into_iter();
                    let input = |(name, about): (String, Option<InputShape>)| {
                        (name, about.unwrap_or_default().input())
                    };
                    found.dispatch = Some(inputs.map(input).collect());
                }
                "schedule" => {
                    let lines: Vec<CronShape> = events.next_value()?;
                    found.schedule = lines.into_iter().map(|line| line.cron).collect();
                }
                _ => {
                    events.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }
}

#[derive(Deserialize)]
struct DispatchShape {
    inputs: Option<BTreeMap<String, Option<InputShape>>>,
}

#[derive(Default, Deserialize)]
struct InputShape {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    options: Vec<String>,
}

impl InputShape {
    fn input(self) -> Input {
        let is_choice = self.kind.as_deref() == Some("choice");
        Input {
            options: is_choice.then_some(self.options),
        }
    }
}

#[derive(Deserialize)]
struct CronShape {
    cron: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Workflow {
        parse("x.yml", text.as_bytes()).unwrap()
    }

    #[test]
    fn the_examples_are_read_as_what_they_are() {
        let example = |name: &str| {
            let path = test_support::root("examples/workflows").join(name);
            parse(name, &std::fs::read(path).unwrap()).unwrap()
        };
        let promote = example("promote.yml");
        assert!(promote.takes_requests());
        assert_eq!(
            promote.steps[0].command.as_deref(),
            Some("${{ inputs.command }}")
        );
        let options = promote.input("to").and_then(|input| input.options.clone());
        assert_eq!(options, Some(vec!["staging".to_owned(), "prod".to_owned()]));
        assert_eq!(promote.input("reason"), Some(&Input::default()));
        for name in ["install.yml", "hardened.yml"] {
            let install = example(name);
            assert!(!install.takes_requests(), "{name}");
            assert_eq!(install.inputs, Some(BTreeMap::new()), "{name}");
            assert_eq!(install.schedule, ["17 * * * *"], "{name}");
            assert_eq!(install.steps.len(), 1, "{name}");
            assert_eq!(install.steps[0].command, None, "{name}");
        }
        let job = example("sluice-job.yml");
        assert!(job.steps.is_empty() && !job.takes_requests());
    }

    #[test]
    fn the_three_forms_of_events_are_read() {
        for (on, by_hand) in [
            ("workflow_dispatch", true),
            ("[push, workflow_dispatch]", true),
            ("{ workflow_dispatch: }", true),
            ("{ workflow_dispatch: { inputs: } }", true),
            ("push", false),
            ("[push]", false),
            ("{ push: { branches: [main] } }", false),
        ] {
            let found = read(&format!("on: {on}\njobs: {{}}\n"));
            assert_eq!(found.inputs.is_some(), by_hand, "{on}");
        }
        assert_eq!(read("{}").inputs, None);
    }

    #[test]
    fn values_are_kept_as_they_are_written() {
        let found = read(
            "on:\n  workflow_dispatch:\n    inputs:\n      to:\n        type: choice\n        options: [1.10, true, 'x']\n      pipeline:\n",
        );
        let options = found.input("to").unwrap().options.clone().unwrap();
        assert_eq!(options, ["1.10", "true", "x"]);
        assert_eq!(found.input("pipeline"), Some(&Input::default()));
        // It runs no step of the Action.
        assert!(!found.takes_requests() && found.missing_input().is_none());
    }

    #[test]
    fn what_cannot_be_read_says_where() {
        for (text, why) in [
            ("a: [", "1:4: unclosed bracket"),
            ("on: push\n---\non: push\n", "it is not one YAML document"),
            ("", "it is not one YAML document"),
            ("jobs:\n  a: { steps: x }\n", "2:15"),
        ] {
            let unread = parse("x.yml", text.as_bytes()).unwrap_err();
            assert!(unread.why.starts_with(why), "{text}: {}", unread.why);
        }
    }
}
