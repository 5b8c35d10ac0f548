//! Changing fields of a file without touching another byte.
//!
//! [`apply`] finds the object by its identity and the field by its path, replaces the bytes of the value, and hands the
//! result to [`super::verify`]. Either every edit is made and proved, or only the reason is returned. Anything that
//! makes the meaning of an edit doubtful is refused: a duplicate key, an alias or a merge on the path, an anchor whose
//! other uses would change too, a value that is not a scalar.

pub(crate) mod error;
mod insert;
mod locate;
mod note;
mod objects;
pub(crate) mod plan;
mod replace;
pub(crate) mod request;
pub(crate) mod splice;

use std::collections::HashMap;

use super::path::FieldPath;
use super::scalar::{PlainType, plain_type};
use super::syntax::{Limits, NodeId, Stream, SyntaxErrorKind};
use super::verify;
use error::conflict;
use locate::{Locator, Site};
use objects::Objects;
use plan::Plan;

pub use error::{EditError, EditErrorKind};
pub use request::{Edit, Editable, Edited, Expect, Form, Identity, Note};

/// Makes all edits, or none.
///
/// # Errors
/// [`EditError`] with the first reason found. Then nothing is to be written.
pub fn apply(original: &[u8], edits: &[Edit]) -> Result<Edited, EditError> {
    let stream = Stream::parse(original, &Limits::default())
        .map_err(|error| hinted(error.into(), original))?;
    let plan = plan(&stream, edits)?;
    if plan.splices.is_empty() {
        return Ok(Edited {
            bytes: original.to_vec(),
            lines: plan.lines,
            changed: Vec::new(),
        });
    }
    let bytes = splice::apply(original, &plan.splices)?;
    verify::verify(&stream, &plan, &bytes)?;
    let changed = plan.splices.iter().map(|splice| splice.span).collect();
    Ok(Edited {
        bytes,
        lines: plan.lines,
        changed,
    })
}

/// Says for a file that is not YAML whether it looks like a template.
fn hinted(mut error: EditError, original: &[u8]) -> EditError {
    let is_template = original
        .windows(2)
        .any(|pair| pair == b"{{" || pair == b"{%");
    if is_template && error.kind == EditErrorKind::Syntax(SyntaxErrorKind::Broken) {
        error
            .message
            .push_str("; it looks like a template, of which only the output could be edited");
    }
    error
}

/// Whether a field could be set, without setting it. What depends on the value itself, and the proof, are left out.
///
/// # Errors
/// [`EditError`] as [`apply`] would give it.
pub fn probe(stream: &Stream, object: &Identity, path: &FieldPath) -> Result<Editable, EditError> {
    Prober::of(stream).probe(object, path)
}

/// [`probe`] for many fields of one file: its objects are indexed once.
pub struct Prober<'a> {
    stream: &'a Stream,
    objects: Objects<'a>,
    locator: Locator<'a>,
}

impl<'a> Prober<'a> {
    /// Indexes the objects of a file.
    pub fn of(stream: &'a Stream) -> Self {
        Self {
            stream,
            objects: Objects::of(stream),
            locator: Locator::new(stream),
        }
    }

    /// Whether an edit could be made; only the proof is left out.
    ///
    /// # Errors
    /// As [`apply`].
    pub fn try_edit(&mut self, edit: &Edit) -> Result<(), EditError> {
        let stream = self.stream;
        check_value(edit)?;
        let found = self.objects.find(&edit.object)?;
        match self.locator.locate(&found, &edit.path)? {
            Site::Value { node, key } => replace::plan(stream, node, key, edit, &mut Vec::new()),
            site @ (Site::NewKey { .. } | Site::NewChild { .. }) => {
                let mut keys = insert::NewKeys::new(&site);
                keys.push(stream, edit, &site).map(|_| ())
            }
        }
    }

    /// Whether a field could be set.
    ///
    /// # Errors
    /// As [`probe`].
    pub fn probe(&mut self, object: &Identity, path: &FieldPath) -> Result<Editable, EditError> {
        let stream = self.stream;
        let found = self.objects.find(object)?;
        match self.locator.locate(&found, path)? {
            Site::Value { node, .. } => {
                replace::check(stream, node)?;
                Ok(Editable::Replace { node })
            }
            Site::NewKey { mapping, key } => {
                insert::check(stream, mapping, None, key)?;
                Ok(Editable::Insert { parent: mapping })
            }
            Site::NewChild {
                null,
                parent_key,
                key,
            } => {
                insert::check(stream, null, Some(parent_key), key)?;
                Ok(Editable::Insert { parent: null })
            }
        }
    }
}

fn plan<'a>(stream: &Stream, edits: &'a [Edit]) -> Result<Plan<'a>, EditError> {
    let mut objects = Objects::of(stream);
    let mut locator = Locator::new(stream);
    let mut plan = Plan {
        splices: Vec::new(),
        values: HashMap::with_capacity(edits.len()),
        inserts: HashMap::new(),
        lines: Vec::with_capacity(edits.len()),
    };
    let mut new_keys: Vec<insert::NewKeys<'a>> = Vec::new();
    let mut by_parent: HashMap<NodeId, usize> = HashMap::new();
    for edit in edits {
        check_value(edit)?;
        let object = objects.find(&edit.object)?;
        match locator.locate(&object, &edit.path)? {
            Site::Value { node, key } => {
                if plan.values.insert(node, edit.new_value()).is_some() {
                    return Err(conflict(stream, node, &edit.path));
                }
                plan.lines.push(stream.position(node).line);
                replace::plan(stream, node, key, edit, &mut plan.splices)?;
            }
            site @ (Site::NewKey { .. } | Site::NewChild { .. }) => {
                let parent = site.node();
                let index = *by_parent.entry(parent).or_insert_with(|| {
                    new_keys.push(insert::NewKeys::new(&site));
                    new_keys.len() - 1
                });
                let line = new_keys[index].push(stream, edit, &site)?;
                plan.lines.push(line);
            }
        }
    }
    for keys in new_keys {
        let parent = keys.parent();
        if plan.values.contains_key(&parent) {
            return Err(conflict(stream, parent, &keys.first_path()));
        }
        plan.inserts.insert(parent, keys.entries());
        keys.plan(stream, &mut plan.splices);
    }
    splice::sort(&mut plan.splices);
    Ok(plan)
}

/// Refuses what can be written nowhere.
fn check_value(edit: &Edit) -> Result<(), EditError> {
    note::check(&edit.note)?;
    let is_clear = matches!(
        plain_type(&edit.value),
        PlainType::Boolean | PlainType::Number
    );
    if edit.form == Form::Bare && !is_clear {
        let message = "without quotes, YAML parsers would read this value differently";
        return Err(EditError::new(EditErrorKind::Value, None, message));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
