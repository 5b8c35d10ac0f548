//! What a `PrAutomation` changes in a service's manifest, so far as it can be understood.
//!
//! Its templates are Liquid over values that only Plural's console has; of these only stage and service are known here.
//! What is not supported is reported, never guessed.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::pattern::{fixed_texts, holds};
use super::sources::{Manifest, Sources};
use crate::model::reference::Kind;
use crate::model::service::Service;
use crate::yaml::{FieldPath, Limits, Segment, Stream, from_node};

#[derive(Deserialize)]
struct Raw {
    spec: RawSpec,
}

#[derive(Deserialize)]
struct RawSpec {
    identifier: Option<String>,
    updates: Option<RawUpdates>,
    creates: Option<IgnoredAny>,
    deletes: Option<IgnoredAny>,
    lua: Option<IgnoredAny>,
    ai: Option<IgnoredAny>,
    vendor: Option<IgnoredAny>,
    patch: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawUpdates {
    regex_replacements: Option<Vec<RawReplacement>>,
    yaml_overlays: Option<Vec<RawOverlay>>,
    files: Option<Vec<String>>,
    regexes: Option<Vec<String>>,
    replace_template: Option<String>,
    yq: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct RawReplacement {
    regex: String,
    file: String,
    replacement: String,
}

#[derive(Deserialize)]
struct RawOverlay {
    file: String,
    yaml: String,
}

/// What is known of the run that a template is filled for.
#[derive(Clone, Copy, Debug)]
pub(super) struct For<'a> {
    /// The stage's name.
    pub stage: &'a str,
    /// The service.
    pub service: &'a Service,
    /// Names `owner/name` of this repository; none: not known.
    pub slugs: &'a [String],
}

/// What an automation would change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Effects {
    /// Scalars of the service's manifest that get a new value.
    pub paths: Vec<FieldPath>,
    /// What else it does, or what could not be understood.
    pub notes: Vec<String>,
}

/// Reads the automation of this name.
pub(super) fn effects(sources: &Sources, name: &str, of: For<'_>) -> Effects {
    let mut effects = Effects::default();
    let wanted = FieldPath::keys(&["metadata", "name"]);
    let found = sources
        .of_kind(Kind::PrAutomation)
        .find(|(_, manifest)| manifest.text(&wanted) == Some(name));
    let Some((file, manifest)) = found else {
        effects.note(format!(
            "PrAutomation {name} is not in this repository, so it is unknown what it changes"
        ));
        return effects;
    };
    let spec = match from_node::<Raw>(manifest.stream, manifest.node) {
        Ok(raw) => raw.spec,
        Err(error) => {
            effects.note(format!(
                "PrAutomation {name} ({file}:{}) cannot be parsed: {}",
                error.position.line, error.message
            ));
            return effects;
        }
    };
    if let Some(other) = elsewhere(&spec, of) {
        effects.note(format!(
            "PrAutomation {name} changes the repository {other}, not this one"
        ));
        return effects;
    }
    for (part, is_there) in [
        ("creates", spec.creates.is_some()),
        ("deletes", spec.deletes.is_some()),
        ("lua", spec.lua.is_some()),
        ("ai", spec.ai.is_some()),
        ("vendor", spec.vendor.is_some()),
        ("patch", spec.patch.is_some()),
    ] {
        if is_there {
            effects.note(format!(
                "PrAutomation {name} also has `{part}`, which Sluice has no equivalent for"
            ));
        }
    }
    match spec.updates {
        Some(updates) => effects.updates(sources, updates, of),
        None => effects.note(format!("PrAutomation {name} has no `updates`")),
    }
    effects
}

/// The repository that it changes, if that is known to be another one. `mgmt` is Plural's word for this one.
fn elsewhere<'s>(spec: &'s RawSpec, of: For<'_>) -> Option<&'s str> {
    let identifier = spec.identifier.as_deref()?;
    let here = |slug: &String| slug.eq_ignore_ascii_case(identifier);
    let known = identifier == "mgmt" || of.slugs.is_empty() || of.slugs.iter().any(here);
    (!known).then_some(identifier)
}

impl Effects {
    fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    fn updates(&mut self, sources: &Sources, updates: RawUpdates, of: For<'_>) {
        for replacement in updates.regex_replacements.unwrap_or_default() {
            self.replacement(
                sources,
                &replacement.file,
                &replacement.regex,
                &replacement.replacement,
                of,
            );
        }
        let template = updates.replace_template.unwrap_or_default();
        for file in updates.files.unwrap_or_default() {
            for regex in updates.regexes.iter().flatten() {
                self.replacement(sources, &file, regex, &template, of);
            }
        }
        for overlay in updates.yaml_overlays.unwrap_or_default() {
            self.overlay(sources, &overlay, of);
        }
        if updates.yq.is_some() {
            self.note("`updates.yq` is not supported".to_owned());
        }
        self.paths.sort();
        self.paths.dedup();
    }

    /// Whether a template for a path means the service's own file; reports if it does not.
    fn is_own_file(&mut self, template: &str, of: For<'_>) -> bool {
        let own = of.service.file.as_str();
        match filled(template, of) {
            Some(path) if is_path(path.trim_start_matches("./"), own) => true,
            Some(path) => {
                let path = path.replace(ANY, "*");
                self.note(format!(
                    "it changes {path}, but {} is in {own}: Sluice promotes only fields of ServiceDeployments",
                    of.service.key.name
                ));
                false
            }
            None => {
                self.note(format!(
                    "stage and service do not determine which file `{template}` means"
                ));
                false
            }
        }
    }

    fn replacement(
        &mut self,
        sources: &Sources,
        file: &str,
        regex: &str,
        replacement: &str,
        of: For<'_>,
    ) {
        if !self.is_own_file(file, of) {
            return;
        }
        if !replacement.contains("{{") {
            self.note(format!(
                "`{regex}` inserts the fixed text `{replacement}`, which is not a release: write it once by hand"
            ));
            return;
        }
        let Some(manifest) = sources.manifest(&of.service.file, of.service.at) else {
            return;
        };
        let Some(texts) = fixed_texts(regex) else {
            self.note(format!(
                "the expression `{regex}` is not supported: find the field that it changes, and list it"
            ));
            return;
        };
        match lines(manifest, &texts)[..] {
            [line] => match &on_line(manifest, line)[..] {
                [path] => self.paths.push(path.clone()),
                _ => self.note(format!(
                    "`{regex}` matches line {line} of {}, which is not a single field of {}",
                    of.service.file, of.service.key.name
                )),
            },
            [] => self.note(format!("no line of {} matches `{regex}`", of.service.file)),
            ref several => self.note(format!(
                "`{regex}` matches several lines of {}: {several:?}",
                of.service.file
            )),
        }
    }

    fn overlay(&mut self, sources: &Sources, overlay: &RawOverlay, of: For<'_>) {
        if !self.is_own_file(&overlay.file, of) {
            return;
        }
        if sources.documents(&of.service.file) != 1 {
            self.note(format!(
                "an overlay for {} may refer to any of its documents",
                of.service.file
            ));
            return;
        }
        let parsed = marked(&overlay.yaml)
            .and_then(|text| Stream::parse(text.as_bytes(), &Limits::default()).ok());
        let root = parsed
            .as_ref()
            .and_then(|stream| stream.documents().first()?.root);
        let (Some(stream), Some(node)) = (&parsed, root) else {
            self.note(format!("an overlay for {} is not supported", overlay.file));
            return;
        };
        let overlay = Manifest { stream, node };
        for (path, _) in overlay.leaves() {
            let is_list = path
                .segments()
                .iter()
                .any(|segment| matches!(segment, Segment::Index(_)));
            let text = overlay.text(&path).unwrap_or_default();
            if is_list {
                self.note(format!("the overlay's list at {path} is not supported"));
            } else if text.contains(MARK) {
                self.paths.push(path);
            } else {
                self.note(format!(
                    "the overlay also sets {path} to a fixed value: write it once by hand"
                ));
            }
        }
    }
}

/// Takes the place of a template's value while an overlay is parsed.
const MARK: &str = "sluice-template-value";

/// The text with a word in the place of each `{{ … }}`; `None` if it is more complicated.
fn marked(text: &str) -> Option<String> {
    if text.contains("{%") || text.contains(MARK) {
        return None;
    }
    let mut marked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("{{") {
        let (_, after) = behind.split_once("}}")?;
        marked.push_str(before);
        marked.push_str(MARK);
        rest = after;
    }
    marked.push_str(rest);
    Some(marked)
}

/// Takes the place of the value of a variable that is not known here. No path holds it.
const ANY: &str = "\0";

/// Whether a path matches one in which [`ANY`] represents one segment, or a part of one.
fn is_path(pattern: &str, path: &str) -> bool {
    let (mut patterns, mut segments) = (pattern.split('/'), path.split('/'));
    loop {
        match (patterns.next(), segments.next()) {
            (None, None) => return true,
            (Some(pattern), Some(segment)) if is_segment(pattern, segment) => {}
            _ => return false,
        }
    }
}

fn is_segment(pattern: &str, segment: &str) -> bool {
    let Some((before, behind)) = pattern.split_once(ANY) else {
        return pattern == segment;
    };
    let Some(rest) = segment.strip_prefix(before) else {
        return false;
    };
    // A value is not empty.
    let ends = rest.char_indices().map(|(at, c)| at + c.len_utf8());
    ends.into_iter().any(|end| is_segment(behind, &rest[end..]))
}

/// A template with the known values filled in, and [`ANY`] for each other variable; `None` if it has more than
/// variables.
fn filled(template: &str, of: For<'_>) -> Option<String> {
    if template.contains("{%") {
        return None;
    }
    let service = of.service;
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once("{{") {
        let (expression, after) = behind.split_once("}}")?;
        filled.push_str(before);
        filled.push_str(match expression.trim() {
            "context.pipeline.stage.name" => of.stage,
            "context.pipeline.service.name" => {
                service.spec_name.as_deref().unwrap_or(&service.key.name)
            }
            "context.pipeline.service.namespace" => service
                .spec_namespace
                .as_deref()
                .or(service.key.namespace.as_deref())?,
            variable if is_variable(variable) => ANY,
            _ => return None,
        });
        rest = after;
    }
    filled.push_str(rest);
    Some(filled)
}

/// Whether an expression is a variable and nothing else: a filter may make anything of it.
fn is_variable(expression: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    !expression.is_empty() && expression.chars().all(part)
}

/// The lines of the whole file that hold these texts.
fn lines(manifest: Manifest<'_>, texts: &[String]) -> Vec<u32> {
    let lines = manifest.stream.source().lines();
    lines
        .zip(1..)
        .filter(|(line, _)| holds(line, texts))
        .map(|(_, number)| number)
        .collect()
}

/// The values of the manifest that begin on a line.
fn on_line(manifest: Manifest<'_>, line: u32) -> Vec<FieldPath> {
    let leaves = manifest.leaves().into_iter();
    leaves
        .filter(|(_, at)| at.line == line)
        .map(|(path, _)| path)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_variable_stands_for_one_segment_of_a_path_or_a_part_of_it() {
        for (pattern, path, is) in [
            ("clusters/\0/web.yaml", "clusters/prod/web.yaml", true),
            ("clusters/\0/web.yaml", "clusters/eu/prod/web.yaml", false),
            ("clusters/\0/web.yaml", "clusters//web.yaml", false),
            ("\0/\0.yaml", "prod/web.yaml", true),
            ("apps/\0-web.yaml", "apps/prod-eu-web.yaml", true),
            ("apps/\0-web.yaml", "apps/web.yaml", false),
            ("apps/web.yaml", "apps/web.yaml", true),
            ("apps/web.yaml", "apps/api.yaml", false),
        ] {
            assert_eq!(is_path(pattern, path), is, "{pattern:?} {path}");
        }
        assert!(is_variable("context.cluster") && is_variable("cluster_name"));
        assert!(!is_variable("cluster | downcase") && !is_variable(""));
    }
}
