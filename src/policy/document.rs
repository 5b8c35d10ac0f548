//! docs/policy.md, generated from the JSON Schema: people read the comments of the policy types' fields.
//!
//! Owns how a schema becomes Markdown, and the text around it. Of the fields it knows only their order.

use std::collections::BTreeMap;

use serde_json::Value;

use super::schema::schema;
use crate::model::text::list;

/// Fields in the order in which people think of them. A field of two mappings is listed once, where it suits both.
const ORDER: &[&str] = &[
    "version",
    "manifests",
    "people",
    "fields",
    "refs",
    "guard",
    "land",
    "merge",
    "verified",
    "rollback",
    "texts",
    "limits",
    "freeze",
    "holds",
    "watch",
    "gates",
    "stages",
    "pipelines",
    // In manifests, refs, rollback, texts and an approval.
    "approve",
    "by",
    "count",
    "ways",
    "exclude",
    "namespaces",
    "branches",
    "tags",
    "age",
    "title",
    "subject",
    "note",
    // In freezes, holds, limits and the other gates.
    "from",
    "pipeline",
    "stage",
    "service",
    "until",
    "open",
    "zone",
    "reason",
    "workflow",
    "timeout",
    // In stages.
    "ready",
    "deployment",
    "context",
    "creator",
    "check",
    "name",
    "app",
    "status",
    "soak",
    "require",
    "delivery",
    "revision",
    "trigger",
    "join",
    "reviewers",
    "emergency",
    "skip",
];

/// Sections whose example is at the top of the document.
const SHOWN_FIRST: &[&str] = &["version", "people", "gates"];

/// Strings with a format of their own: definition, its short name, heading.
const FORMS: &[(&str, &str, &str)] = &[
    ("Wait", "length of time", "Length of time"),
    ("Hours", "weekly hours", "Weekly hours"),
    ("Zone", "time zone", "Time zone"),
    ("Civil", "time of a zone", "Time of a zone"),
    ("Instant", "time", "Time"),
];

const HEAD: &str = "\
<!-- Generated from the comments in src/model/policy.rs and its modules: edit those. tests/it/policy_document.rs says how. -->

# The policy

`.github/sluice.yaml` says what the `Pipeline` resource has no field for: who approves, at which hours, by which workflow; what must hold
before something leaves a stage; what is held or frozen; which other fields are promoted. Everything in it except `version` is optional, and so is
the file: without it, one person with write access approves each APPROVAL gate, and gates of other types are findings until the policy has a rule for them.

Part of a company's policy (all of it is in [fixtures/repos/company](../fixtures/repos/company/.github/sluice.yaml)):

";

const RULES: &str = "
- It is read at the tip of the base branch, never from a pull request. If it cannot be read, everything stops.
- An entry under `pipelines` takes precedence over one under `gates` or `stages`, and that over the default. **An entry replaces the whole less
  specific one**; an entry that demands less than the one it replaces is the finding `policy-looser`. `sluice plan --why` shows the line behind each answer.
- A misspelt field is refused, and a name that matches nothing is the finding `policy-unknown-name`: a rule that is silently not applied is a gate
  that is silently open. A rule that can never be met is `policy-contradiction`. All findings: [checks.md](checks.md).
- For completion in an editor, run `sluice schema > sluice.schema.json`, and make this the first line of the policy:
  `# yaml-language-server: $schema=../sluice.schema.json`
- Known limits are listed in [shortcomings.md](shortcomings.md).
";

/// The document. `example` is a policy with a block for every section.
pub fn document(example: &str) -> String {
    let schema = schema();
    let mut writer = Writer {
        schema: &schema,
        text: HEAD.to_owned(),
        explained: BTreeMap::new(),
        section: String::new(),
    };
    writer.code(&blocks(example, SHOWN_FIRST));
    writer.text.push_str(RULES);
    for (name, field) in ordered(&schema["properties"]) {
        writer.section(name, field, example);
    }
    writer.forms();
    writer.text
}

struct Writer<'a> {
    schema: &'a Value,
    text: String,
    /// Mappings that were explained already, by the name of their definition, each with its section.
    explained: BTreeMap<String, String>,
    section: String,
}

impl<'a> Writer<'a> {
    /// A field of the whole policy.
    fn section(&mut self, name: &str, field: &'a Value, example: &str) {
        self.section = name.to_owned();
        self.text
            .push_str(&format!("\n## `{name}`\n\n{}", sentence(field)));
        if field.get("const").is_none() {
            let mut notes = vec![upper(&self.kind(field))];
            notes.extend(default(field).map(|default| format!("default {default}")));
            self.text.push_str(&format!(" *{}.*", notes.join("; ")));
        }
        self.text.push('\n');
        let before = self.text.len();
        let seen = self.seen(field);
        self.details(field, 0, seen.as_deref());
        if self.text.len() > before {
            self.text.insert(before, '\n');
        }
        if !SHOWN_FIRST.contains(&name) {
            self.text.push('\n');
            self.code(&blocks(example, &[name]));
        }
    }

    /// What a value consists of: names, choices, forms, fields; or a link to the section that explains it.
    fn details(&mut self, value: &'a Value, depth: usize, seen: Option<&str>) {
        if let Some(about) = value["propertyNames"]["description"].as_str() {
            self.item(depth, &format!("*name*: {about}"));
        }
        if let Some(section) = seen {
            self.item(depth, &format!("as under [`{section}`](#{section})"));
            return;
        }
        let core = self.core(value);
        if inside(value).is_some() && core["type"] == "string" {
            // A definition with a format of its own has its own section.
            if !self.is_form(core) {
                self.item(depth, &format!("*each*: {}", sentence(core)));
            }
            return;
        }
        if let Some(choices) = core["oneOf"].as_array() {
            for choice in choices {
                let name = choice["const"].as_str().unwrap_or_default();
                self.item(depth, &format!("`{name}`: {}", sentence(choice)));
            }
        }
        if let Some(forms) = core["anyOf"].as_array() {
            for form in forms {
                let title = form["title"].as_str().unwrap_or_default();
                self.item(depth, &format!("**{title}**. {}", sentence(form)));
                self.fields(form, depth + 1);
            }
        }
        self.fields(core, depth);
    }

    fn fields(&mut self, mapping: &'a Value, depth: usize) {
        let required: Vec<&str> = mapping["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        for (name, field) in ordered(&mapping["properties"]) {
            let mut notes = vec![self.kind(field)];
            if required.contains(&name) {
                notes.push("required".to_owned());
            }
            notes.extend(default(field).map(|default| format!("default {default}")));
            let about = format!("`{name}` *({})*: {}", notes.join("; "), sentence(field));
            self.item(depth, &about);
            let seen = self.seen(field);
            self.details(field, depth + 1, seen.as_deref());
        }
    }

    /// The section that explained the mapping that a value leads to; if there is none, this section becomes it.
    fn seen(&mut self, value: &'a Value) -> Option<String> {
        let name = self.mapping(value)?;
        let seen = self.explained.get(name).cloned();
        if seen.is_none() {
            self.explained.insert(name.to_owned(), self.section.clone());
        }
        seen
    }

    fn is_form(&self, definition: &Value) -> bool {
        FORMS
            .iter()
            .any(|(name, ..)| std::ptr::eq(&self.schema["$defs"][name], definition))
    }

    fn item(&mut self, depth: usize, text: &str) {
        self.text
            .push_str(&format!("{}- {text}\n", "  ".repeat(depth)));
    }

    fn code(&mut self, yaml: &str) {
        self.text.push_str(&format!("```yaml\n{yaml}```\n"));
    }

    /// Strings with a format of their own.
    fn forms(&mut self) {
        self.text
            .push_str("\n## Strings with a format of their own\n");
        for (definition, _, heading) in FORMS {
            let about = sentence(&self.schema["$defs"][definition]);
            self.text.push_str(&format!("\n### {heading}\n\n{about}\n"));
        }
    }

    /// What a value consists of, behind references, lists and mappings.
    fn core(&self, value: &'a Value) -> &'a Value {
        if let Some((_, definition)) = self.definition(value) {
            return self.core(definition);
        }
        match inside(value) {
            Some(inner) => self.core(inner),
            None => value,
        }
    }

    /// The name of the definition of the mapping that a value leads to.
    fn mapping(&self, value: &'a Value) -> Option<&'a str> {
        if let Some((name, definition)) = self.definition(value) {
            let is_mapping = definition["properties"].is_object() || definition["anyOf"].is_array();
            return is_mapping.then_some(name);
        }
        self.mapping(inside(value)?)
    }

    fn definition(&self, value: &'a Value) -> Option<(&'a str, &'a Value)> {
        let name = value["$ref"].as_str()?.strip_prefix("#/$defs/")?;
        Some((name, &self.schema["$defs"][name]))
    }

    /// The kind of a value, in a few words.
    fn kind(&self, value: &'a Value) -> String {
        if let Some((name, definition)) = self.definition(value) {
            let form = FORMS.iter().find(|(form, ..)| *form == name);
            return match form {
                Some((_, words, heading)) => {
                    format!("[{words}](#{})", heading.to_lowercase().replace(' ', "-"))
                }
                None => self.kind(definition),
            };
        }
        if let Some(fixed) = value.get("const") {
            return format!("`{fixed}`");
        }
        if let Some(choices) = value["oneOf"].as_array() {
            let names = choices.iter().filter_map(|choice| choice["const"].as_str());
            let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
            return list(names, "or");
        }
        match value["type"].as_str() {
            Some("string") => "text".to_owned(),
            Some("boolean") => "`true` or `false`".to_owned(),
            Some("integer") => match value["minimum"].as_u64() {
                Some(least) => format!("whole number, {least} or more"),
                None => "whole number".to_owned(),
            },
            Some("array") => {
                let items = match self.kind(&value["items"]) {
                    one if matches!(one.as_str(), "text" | "mapping") => format!("{one}s"),
                    many => many,
                };
                let least = match value["minItems"].as_u64() {
                    Some(1) => ", at least one",
                    _ => "",
                };
                format!("list of {items}{least}")
            }
            _ if value["additionalProperties"].is_object() => {
                format!("name → {}", self.kind(&value["additionalProperties"]))
            }
            _ => "mapping".to_owned(),
        }
    }
}

/// The items of a list, or the values of a mapping.
fn inside(value: &Value) -> Option<&Value> {
    let inside = [&value["items"], &value["additionalProperties"]];
    inside.into_iter().find(|inner| inner.is_object())
}

/// Fields in [`ORDER`].
fn ordered(properties: &Value) -> Vec<(&str, &Value)> {
    let mut fields: Vec<(&str, &Value)> = properties
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, field)| (name.as_str(), field))
        .collect();
    let place = |name: &str| ORDER.iter().position(|known| *known == name);
    fields.sort_by_key(|(name, _)| (place(name).unwrap_or(ORDER.len()), *name));
    fields
}

fn sentence(value: &Value) -> String {
    let about = value["description"].as_str().unwrap_or_default();
    about.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The default as it would be written; `None` if it is empty or a mapping of defaults.
fn default(field: &Value) -> Option<String> {
    match field.get("default")? {
        Value::Object(_) => None,
        Value::Array(items) if items.is_empty() => None,
        value => Some(format!("`{}`", flow(value))),
    }
}

/// A value as YAML on one line.
fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(key, value)| format!("{key}: {}", flow(value)))
                .collect();
            format!("{{ {} }}", entries.join(", "))
        }
        other => other.to_string(),
    }
}

fn upper(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => format!("{}{}", first.to_uppercase(), letters.as_str()),
        None => String::new(),
    }
}

/// The blocks of a policy that belong to these fields, verbatim.
fn blocks(policy: &str, names: &[&str]) -> String {
    let mut blocks: Vec<(&str, String)> = Vec::new();
    for line in policy.lines() {
        if line.starts_with(|c: char| c.is_ascii_lowercase()) {
            let name = line.split(':').next().unwrap_or(line);
            blocks.push((name, format!("{line}\n")));
        } else if let Some((_, block)) = blocks.last_mut()
            && line.starts_with(' ')
        {
            block.push_str(line);
            block.push('\n');
        }
    }
    let wanted = blocks
        .into_iter()
        .filter(|(name, _)| names.contains(name))
        .map(|(_, block)| block);
    wanted.collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn names(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(entries) => {
                if let Some(Value::Object(fields)) = entries.get("properties") {
                    found.extend(fields.keys().cloned());
                }
                entries.values().for_each(|inner| names(inner, found));
            }
            Value::Array(items) => items.iter().for_each(|inner| names(inner, found)),
            _ => {}
        }
    }

    #[test]
    fn every_field_has_its_place_in_the_order() {
        let mut found = BTreeSet::new();
        names(&super::schema(), &mut found);
        let ordered: BTreeSet<String> = ORDER.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(ordered, found);
        assert_eq!(ordered.len(), ORDER.len());
    }

    #[test]
    fn every_field_and_every_definition_of_a_mapping_is_explained() {
        let text = document("version: 1\n");
        let mut found = BTreeSet::new();
        names(&super::schema(), &mut found);
        for name in found {
            let explained = [format!("- `{name}` *("), format!("## `{name}`\n")];
            assert!(explained.iter().any(|words| text.contains(words)), "{name}");
        }
    }

    #[test]
    fn a_block_of_a_policy_ends_where_the_next_one_begins() {
        let policy = "# about\nversion: 1\n\npeople:\n  sre: [ann] # one\n\n# gates\ngates:\n  g:\n    ways: [review]\n";
        assert_eq!(blocks(policy, &["people"]), "people:\n  sre: [ann] # one\n");
        assert_eq!(
            blocks(policy, &["version", "gates"]),
            "version: 1\ngates:\n  g:\n    ways: [review]\n"
        );
    }
}
