//! The trees of the original and of the outcome are the same but for the planned values and keys.

use std::collections::HashMap;

use super::unproved::unproved;
use crate::edit::error::EditError;
use crate::edit::plan::Plan;
use crate::edit::request::{Form, NewValue};
use crate::scalar::could_be_no_string;
use crate::syntax::{Entry, Node, NodeId, NodeKind, ScalarStyle, Stream};

pub(super) fn compare(old: &Stream, new: &Stream, plan: &Plan<'_>) -> Result<(), EditError> {
    let mut walk = Walk {
        old,
        new,
        plan,
        anchored: HashMap::new(),
        values: 0,
        inserts: 0,
    };
    if old.documents().len() != new.documents().len() {
        return Err(unproved(None, "the number of documents would change"));
    }
    for (old, new) in old.documents().iter().zip(new.documents()) {
        match (old.root, new.root) {
            (Some(old), Some(new)) => walk.node(old, new)?,
            (None, None) => {}
            _ => {
                return Err(unproved(
                    Some(old.position),
                    "an empty document would gain or lose content",
                ));
            }
        }
    }
    if walk.values != plan.values.len() || walk.inserts != plan.inserts.len() {
        return Err(unproved(None, "not every edit would be made"));
    }
    Ok(())
}

struct Walk<'a> {
    old: &'a Stream,
    new: &'a Stream,
    plan: &'a Plan<'a>,
    /// Anchored nodes of the original, and what they are in the outcome.
    anchored: HashMap<NodeId, NodeId>,
    values: usize,
    inserts: usize,
}

impl<'a> Walk<'a> {
    /// At most as deep as the parser lets nodes nest.
    fn node(&mut self, old_id: NodeId, new_id: NodeId) -> Result<(), EditError> {
        let (old, new) = (self.old.node(old_id), self.new.node(new_id));
        if (old.anchor, old.tag) != (new.anchor, new.tag) {
            return Err(self.differs(old_id, "an anchor or a tag would change"));
        }
        if old.anchor.is_some() {
            self.anchored.insert(old_id, new_id);
        }
        if self.old.in_flow(old_id) != self.new.in_flow(new_id) {
            return Err(self.differs(old_id, "the layout would change"));
        }
        if let Some(value) = self.plan.values.get(&old_id) {
            self.values += 1;
            return self.value(old_id, new, new_id, *value);
        }
        let inserts = self
            .plan
            .inserts
            .get(&old_id)
            .map_or(&[][..], |inserts| inserts);
        self.inserts += usize::from(!inserts.is_empty());
        match (old.kind, new.kind) {
            (NodeKind::Mapping(old_entries), NodeKind::Mapping(new_entries)) => {
                self.mapping(old_id, old_entries, new_entries, inserts)
            }
            (_, NodeKind::Mapping(new_entries))
                if !inserts.is_empty() && self.old.is_empty_value(old_id) =>
            {
                self.mapping(old_id, &[], new_entries, inserts)
            }
            _ if !inserts.is_empty() => Err(self.differs(old_id, "a key would go somewhere else")),
            (NodeKind::Sequence(old_items), NodeKind::Sequence(new_items)) => {
                if old_items.len() != new_items.len() {
                    return Err(self.differs(old_id, "a list would get longer or shorter"));
                }
                old_items
                    .iter()
                    .zip(new_items)
                    .try_for_each(|(old, new)| self.node(*old, *new))
            }
            (NodeKind::Alias(old_target), NodeKind::Alias(new_target)) => {
                if self.anchored.get(&old_target) == Some(&new_target) {
                    return Ok(());
                }
                Err(self.differs(old_id, "an alias would refer to something else"))
            }
            (old, new) if old == new => Ok(()),
            _ => Err(self.differs(old_id, "a value would change that should not be edited")),
        }
    }

    fn mapping(
        &mut self,
        old_id: NodeId,
        old: &[Entry],
        new: &[Entry],
        inserts: &[(&str, NewValue<'_>)],
    ) -> Result<(), EditError> {
        let Some((same, added)) = new.split_at_checked(old.len()) else {
            return Err(self.differs(old_id, "a mapping would lose a key"));
        };
        if added.len() != inserts.len() {
            return Err(self.differs(old_id, "a mapping would gain or lose a key"));
        }
        for (old, new) in old.iter().zip(same) {
            if self.old.is_explicit_key(old.key) != self.new.is_explicit_key(new.key) {
                return Err(self.differs(old.key, "a key would be written differently"));
            }
            self.node(old.key, new.key)?;
            self.node(old.value, new.value)?;
        }
        for (entry, (key, value)) in added.iter().zip(inserts) {
            let is_planned =
                self.is_bare_text(entry.key, key) && self.is_planned(entry.value, *value);
            if !is_planned {
                return Err(self.differs(old_id, "a new key would be read as something else"));
            }
        }
        Ok(())
    }

    fn value(
        &self,
        old: NodeId,
        new: Node<'_>,
        new_id: NodeId,
        NewValue { text: value, form }: NewValue<'_>,
    ) -> Result<(), EditError> {
        match new.kind {
            NodeKind::Scalar { value: text, style } if text == value => {
                let is_text = style != ScalarStyle::Plain || !could_be_no_string(value);
                // What is already there stays as it is written.
                let is_planned = match form {
                    Form::Text => is_text,
                    Form::Bare => style == ScalarStyle::Plain && new.tag.is_none(),
                } || self.old.scalar(old) == Some(value);
                if self.new.is_null(new_id) || !is_planned {
                    return Err(self.differs(old, "the value would be read as something else"));
                }
                Ok(())
            }
            // The value that an alias already referred to.
            NodeKind::Alias(target) if self.new.scalar(target) == Some(value) => Ok(()),
            _ => Err(self.differs(old, "the value would be read as something else")),
        }
    }

    fn is_planned(&self, id: NodeId, value: NewValue<'_>) -> bool {
        let is_plain = matches!(
            self.new.node(id).kind,
            NodeKind::Scalar {
                style: ScalarStyle::Plain,
                ..
            }
        );
        let has_form = match value.form {
            Form::Text => !is_plain || !could_be_no_string(value.text),
            Form::Bare => is_plain,
        };
        has_form && self.is_bare_text(id, value.text)
    }

    fn is_bare_text(&self, id: NodeId, text: &str) -> bool {
        let node = self.new.node(id);
        let is_text = matches!(node.kind, NodeKind::Scalar { value, .. } if value == text);
        is_text && !self.new.is_null(id) && node.anchor.is_none() && node.tag.is_none()
    }

    fn differs(&self, old: NodeId, reason: &str) -> EditError {
        unproved(Some(self.old.position(old)), reason)
    }
}
