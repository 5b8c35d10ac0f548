//! Finding the one object that an identity means, among thousands, for thousands of edits.

use std::collections::HashMap;

use super::error::{EditError, EditErrorKind};
use super::request::{Expect, Identity};
use crate::lookup::Lookup;
use crate::path::FieldPath;
use crate::scalar::double_quoted;
use crate::syntax::{NodeId, NodeKind, Position, Stream};

/// Key of the list whose elements are objects of their own.
const LIST: &str = "items";

/// An object, and what is around it.
#[derive(Clone, Debug)]
pub(super) struct Object {
    pub node: NodeId,
    /// From the document's root down, the object itself left out.
    pub around: Vec<NodeId>,
}

/// Texts of the fields that an identity compares, per object; the objects with equal ones are found at once.
type Index = HashMap<Vec<String>, Vec<usize>>;

pub(super) struct Objects<'a> {
    stream: &'a Stream,
    all: Vec<Object>,
    /// By the paths that must equal something, in the identity's order.
    indices: HashMap<Vec<FieldPath>, Index>,
}

impl<'a> Objects<'a> {
    pub(super) fn of(stream: &'a Stream) -> Self {
        let mut all = Vec::new();
        for root in stream
            .documents()
            .iter()
            .filter_map(|document| document.root)
        {
            all.push(Object {
                node: root,
                around: Vec::new(),
            });
            let Ok(Some((list, false))) = stream.value_of(root, LIST) else {
                continue;
            };
            if let NodeKind::Sequence(items) = stream.node(list).kind {
                all.extend(items.iter().map(|item| Object {
                    node: *item,
                    around: vec![root, list],
                }));
            }
        }
        Self {
            stream,
            all,
            indices: HashMap::new(),
        }
    }

    /// The one object with this identity.
    ///
    /// # Errors
    /// If none or several have it, or if a field that decides is duplicated.
    pub(super) fn find(&mut self, identity: &Identity) -> Result<Object, EditError> {
        let mut paths = Vec::new();
        let mut texts = Vec::new();
        for (path, expect) in &identity.fields {
            if let Expect::Equals(text) = expect {
                paths.push(path.clone());
                texts.push(text.clone());
            }
        }
        if !self.indices.contains_key(&paths) {
            let index = self.index(&paths)?;
            self.indices.insert(paths.clone(), index);
        }
        let same = self.indices.get(&paths).and_then(|index| index.get(&texts));
        let mut found = Vec::new();
        for at in same.into_iter().flatten() {
            let object = &self.all[*at];
            if self.has_the_rest(object, identity)? {
                found.push(object);
            }
        }
        // A document with a key that is not a string is a template: it contains no object as long as another document
        // has the identity.
        if found.len() > 1 {
            let plain: Vec<&Object> = found
                .iter()
                .copied()
                .filter(|object| !self.is_template(object))
                .collect();
            if plain.len() == 1 {
                found = plain;
            }
        }
        match found[..] {
            [object] => Ok(object.clone()),
            [] => {
                let message = format!("no document or list element has {}", Described(identity));
                Err(EditError::new(EditErrorKind::NotFound, None, message))
            }
            _ => {
                let places: Vec<Position> = found
                    .iter()
                    .map(|object| self.stream.position(object.node))
                    .collect();
                let shown: Vec<String> = places.iter().map(ToString::to_string).collect();
                let message = format!(
                    "{} objects have {}, at {}: give them different names, or remove all but one",
                    places.len(),
                    Described(identity),
                    shown.join(", ")
                );
                let mut error =
                    EditError::new(EditErrorKind::Ambiguous, places.first().copied(), message);
                error.candidates = places;
                Err(error)
            }
        }
    }

    fn is_template(&self, object: &Object) -> bool {
        let root = object.around.first().unwrap_or(&object.node);
        let mut documents = self.stream.documents().iter();
        let document = documents.find(|document| document.root.as_ref() == Some(root));
        document.is_some_and(|document| self.stream.first_odd_key(document).is_some())
    }

    fn index(&self, paths: &[FieldPath]) -> Result<Index, EditError> {
        let mut index = Index::new();
        'objects: for (at, object) in self.all.iter().enumerate() {
            let mut texts = Vec::with_capacity(paths.len());
            for path in paths {
                match self.text(object.node, path)? {
                    Some(text) => texts.push(text.to_owned()),
                    None => continue 'objects,
                }
            }
            index.entry(texts).or_default().push(at);
        }
        Ok(index)
    }

    fn has_the_rest(&self, object: &Object, identity: &Identity) -> Result<bool, EditError> {
        for (path, expect) in &identity.fields {
            let has_it = match expect {
                Expect::Equals(_) => true,
                Expect::Prefix(prefix) => {
                    let text = self.text(object.node, path)?;
                    text.is_some_and(|text| text.starts_with(&**prefix))
                }
                Expect::Absent => match self.stream.lookup(object.node, path) {
                    Lookup::Absent { .. } => true,
                    Lookup::Found { node, .. } => self.stream.is_null(node),
                    Lookup::Duplicate { position } => return Err(duplicate(position, path)),
                },
            };
            if !has_it {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The text of a scalar that is not null.
    fn text(&self, object: NodeId, path: &FieldPath) -> Result<Option<&'a str>, EditError> {
        match self.stream.lookup(object, path) {
            Lookup::Found { node, .. } if !self.stream.is_null(node) => {
                Ok(self.stream.scalar(node))
            }
            Lookup::Found { .. } | Lookup::Absent { .. } => Ok(None),
            Lookup::Duplicate { position } => Err(duplicate(position, path)),
        }
    }
}

fn duplicate(position: Position, path: &FieldPath) -> EditError {
    let message = format!(
        "duplicate key of `{path}`, so no object in this file can be identified: remove one"
    );
    EditError::new(EditErrorKind::DuplicateKey, Some(position), message)
}

struct Described<'a>(&'a Identity);

impl std::fmt::Display for Described<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, (path, expect)) in self.0.fields.iter().enumerate() {
            if at > 0 {
                f.write_str(", ")?;
            }
            match expect {
                Expect::Equals(text) => write!(f, "{path}={}", double_quoted(text)),
                Expect::Prefix(text) => write!(f, "{path}={}…", double_quoted(text)),
                Expect::Absent => write!(f, "no {path}"),
            }?;
        }
        Ok(())
    }
}
