//! Changing fields of a file without touching another byte.
//!
//! [`apply`] finds the object by its identity, the field by its path, exchanges the bytes of the value, and hands the
//! outcome to [`super::verify`]. Either every edit is made and proved, or nothing is returned but the reason. Whatever
//! makes the meaning of an edit doubtful is refused: a key that stands twice, an alias or a merge on the path, an
//! anchor whose other uses would change too, a value that is no scalar.

mod insert;
mod locate;
mod note;
mod objects;
mod replace;
mod splice;

use std::collections::HashMap;

use super::path::FieldPath;
use super::scalar::{PlainType, plain_type};
use super::syntax::{Limits, NodeId, Position, Span, Stream, SyntaxError, SyntaxErrorKind};
use super::verify;
use locate::{Locator, Site};
use objects::Objects;
pub(crate) use splice::{CommentChange, Splice};

/// What an identity asks of one field.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Expect {
    /// A scalar with exactly this text.
    Equals(String),
    /// A scalar whose text begins so.
    Prefix(String),
    /// Missing, or null.
    Absent,
}

/// Which object of a file is meant: a document, or an element of a document's top-level `items` list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Identity {
    /// All of these must hold, for exactly one object of the file. Paths begin at the object.
    pub fields: Vec<(FieldPath, Expect)>,
}

/// What becomes of our comment behind the value: `# sluice: <name>`. A person's comment there is never touched, and
/// then ours is left out, as it is where the line goes on behind the value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Note {
    /// Nothing.
    Keep,
    /// It holds this name: one line without anything invisible.
    Set(String),
    /// It is taken away, with the blanks before it.
    Remove,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Form {
    /// So that every reader takes it for this text.
    #[default]
    Text,
    /// As it is, without quotes: a number or a boolean, which it stays.
    Bare,
}

/// The text that a field is to have, and how it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NewValue<'a> {
    pub text: &'a str,
    pub form: Form,
}

impl Edit {
    fn new_value(&self) -> NewValue<'_> {
        NewValue {
            text: &self.value,
            form: self.form,
        }
    }
}

/// One field that is to have a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Edit {
    /// In which object.
    pub object: Identity,
    /// Which field of it. A last key that is missing is added to its mapping.
    pub path: FieldPath,
    /// The field's text.
    pub value: String,
    /// How it is written.
    pub form: Form,
    /// What becomes of our comment.
    pub note: Note,
}

/// A file with all edits made, proved by two parsers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// The whole file.
    pub bytes: Vec<u8>,
    /// For each edit, in the order given, its line in the original file, from 1; for a new key the line it goes behind.
    pub lines: Vec<u32>,
    /// The bytes of the original file that were exchanged, in order; an empty span where something was put in between.
    /// None at all if everything stood there already: then `bytes` is the input.
    pub changed: Vec<Span>,
}

/// How a field would be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Editable {
    /// Its value is replaced.
    Replace {
        /// The value; an alias itself, not what it stands for.
        node: NodeId,
    },
    /// Its key is added.
    Insert {
        /// The mapping, or the null below which one begins.
        parent: NodeId,
    },
}

/// Why an edit was refused. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", At(position))]
pub struct EditError {
    /// What a caller can branch on.
    pub kind: EditErrorKind,
    /// Where, in the original file, if it is one place.
    pub position: Option<Position>,
    /// What is in the way and what to do about it.
    pub message: String,
    /// Where the objects or elements stand of which only one can be meant.
    pub candidates: Vec<Position>,
}

/// The kinds of [`EditError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EditErrorKind {
    /// The file itself cannot be read.
    Syntax(SyntaxErrorKind),
    /// No object, or no list element, is the one that is asked for.
    NotFound,
    /// Several are.
    Ambiguous,
    /// A key stands twice where it matters.
    DuplicateKey,
    /// The path leads through an alias.
    AliasOnPath,
    /// The path leads through a `<<` merge.
    MergeOnPath,
    /// The value or something around it has an anchor that is used elsewhere.
    SharedAnchor,
    /// The mapping that the key belongs to is not there.
    MissingParent,
    /// Something on the path is neither a mapping nor missing.
    NotAMapping,
    /// The field is a mapping or a list.
    NotAScalar,
    /// It is written in a way that is not edited.
    Layout,
    /// The style of the value cannot hold the new text.
    Value,
    /// A note that is not one safe line.
    Note,
    /// Two edits want the same field.
    Conflict,
    /// The outcome could not be proved to be the edit and nothing else.
    Unproved,
}

struct At<'a>(&'a Option<Position>);

impl std::fmt::Display for At<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.map_or(Ok(()), |position| write!(f, "{position}: "))
    }
}

impl EditError {
    pub(crate) fn new(
        kind: EditErrorKind,
        position: Option<Position>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            position,
            message: message.into(),
            candidates: Vec::new(),
        }
    }
}

impl From<SyntaxError> for EditError {
    fn from(error: SyntaxError) -> Self {
        let message = match error.kind {
            SyntaxErrorKind::Broken => {
                format!("the file is not YAML that can be edited: {}", error.message)
            }
            _ => error.message,
        };
        Self::new(
            EditErrorKind::Syntax(error.kind),
            Some(error.position),
            message,
        )
    }
}

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

/// Says of a file that is no YAML whether it looks like a template of one.
fn hinted(mut error: EditError, original: &[u8]) -> EditError {
    let is_template = original
        .windows(2)
        .any(|pair| pair == b"{{" || pair == b"{%");
    if is_template && error.kind == EditErrorKind::Syntax(SyntaxErrorKind::Broken) {
        error
            .message
            .push_str("; it looks like a template, and only its output could be edited");
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

/// All that is going to be changed: as bytes, and as what the trees may differ in.
#[derive(Default)]
pub(crate) struct Plan<'a> {
    /// In order, without overlaps.
    pub splices: Vec<Splice>,
    /// New texts of scalars (and of aliases that become one).
    pub values: HashMap<NodeId, NewValue<'a>>,
    /// New entries at the end of mappings, or below a null.
    pub inserts: HashMap<NodeId, Vec<(&'a str, NewValue<'a>)>>,
    lines: Vec<u32>,
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
        let message = "without quotes this value would not be the same to everybody who reads it";
        return Err(EditError::new(EditErrorKind::Value, None, message));
    }
    Ok(())
}

fn conflict(stream: &Stream, node: NodeId, path: &FieldPath) -> EditError {
    let message = format!("two edits want to set `{path}`: keep one of them");
    EditError::new(
        EditErrorKind::Conflict,
        Some(stream.position(node)),
        message,
    )
}

#[cfg(test)]
mod tests;
