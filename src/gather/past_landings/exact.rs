//! Whether a landing changed its plan's fields and not one byte more: the plan is made again on the landing's parent by the
//! one editor that makes everything, and the outcome must be what the commit holds.

use std::collections::BTreeMap;

use super::asked::LandingsSearch;
use crate::catalog::read_file;
use crate::model::change::Change;
use crate::model::ids::CommitId;
use crate::model::policy::Policy;
use crate::model::source_location::RepoPath;
use crate::repo::{ReadObjects, RepoError};
use crate::yaml::edit::{self, Editable, Prober};
use crate::yaml::scalar::{PlainType, plain_type};
use crate::yaml::{FieldPath, Form, Limits, NodeId, NodeKind, Note, Position, ScalarStyle, Stream};

/// What a commit did to its parent besides these changes; `None` if it did exactly these.
pub(super) fn more_than_the_plan(
    asked: &LandingsSearch<'_>,
    commit: &CommitId,
    parent: &CommitId,
    changes: &[Change],
) -> Result<Option<String>, RepoError> {
    let mut planned: BTreeMap<&str, Vec<&Change>> = BTreeMap::new();
    for change in changes {
        planned
            .entry(change.file.as_str())
            .or_default()
            .push(change);
    }
    let repo: &dyn ReadObjects = asked.repo;
    for file in repo.changed_files(Some(parent), commit)? {
        let path: RepoPath = file.path.as_str().into();
        if let Some(why) = path.refusal_to_write() {
            return Ok(Some(format!("it writes to {path}: {why}")));
        }
        let (Some(changes), Some(old), Some(new)) =
            (planned.get(file.path.as_str()), file.old, file.new)
        else {
            let why = format!("it also changes {path}, in which its plan changes nothing");
            return Ok(Some(why));
        };
        let (before, after) = (repo.blob(&old)?, repo.blob(&new)?);
        let edits = edits(changes, &path, (&before, &after), asked.policy);
        match edit::apply(&before, &edits) {
            Ok(edited) if edited.bytes == after => {}
            Ok(_) => {
                return Ok(Some(format!(
                    "{path} differs in more than the planned values, such as a comment or the layout"
                )));
            }
            Err(refused) => {
                return Ok(Some(format!(
                    "{path} could not have been edited like that: {refused}"
                )));
            }
        }
    }
    Ok(None)
}

/// Whether a value is a number or a boolean.
fn is_bare(stream: &Stream, node: NodeId) -> bool {
    let node = stream.node(node);
    let NodeKind::Scalar {
        value,
        style: ScalarStyle::Plain,
    } = node.kind
    else {
        return false;
    };
    node.tag.is_none() && plain_type(value) != PlainType::Text
}

/// The edits that make these changes. New keys are in the order in which they are in the result, and our comment behind
/// a ref is as it is there: neither is part of a plan. Nor is whether a value was written without quotes, which it only
/// is if there was no string before.
fn edits(
    changes: &[&Change],
    path: &RepoPath,
    (before, after): (&[u8], &[u8]),
    policy: &Policy,
) -> Vec<edit::Edit> {
    let mut edits: Vec<(Position, edit::Edit)> = changes
        .iter()
        .map(|change| {
            let mut edit = change.edit();
            edit.note = Note::Keep;
            (Position::default(), edit)
        })
        .collect();
    let parse = |bytes| Stream::parse(bytes, &Limits::default());
    if let (Ok(before), Ok(stream)) = (parse(before), parse(after)) {
        let mut prober = Prober::of(&stream);
        let mut before_it = Prober::of(&before);
        for (at, edit) in &mut edits {
            if let Ok(Editable::Replace { node }) = prober.probe(&edit.object, &edit.path) {
                *at = stream.position(node);
                let was_text = match before_it.probe(&edit.object, &edit.path) {
                    Ok(Editable::Replace { node }) => {
                        !is_bare(&before, node) && !before.is_null(node)
                    }
                    _ => false,
                };
                if is_bare(&stream, node) && !was_text {
                    edit.form = Form::Bare;
                }
            }
        }
    }
    let reference = FieldPath::keys(&["spec", "git", "ref"]);
    let read = read_file(path, after, policy).unwrap_or_default();
    for ((_, edit), change) in edits.iter_mut().zip(changes) {
        if change.path != reference {
            continue;
        }
        let service = read
            .services
            .iter()
            .find(|service| service.identity() == edit.object);
        let note =
            service.and_then(|service| service.git.as_ref()?.reference.value()?.note.clone());
        edit.note = note.map_or(Note::Remove, Note::Set);
    }
    edits.sort_by_key(|(at, _)| (at.line, at.column));
    edits.into_iter().map(|(_, edit)| edit).collect()
}
