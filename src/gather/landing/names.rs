//! The ways in which the elements of lists on the paths of a plan may be named.
//!
//! A plan names them as the policy of its time did, by index or by a field's text, and its ID holds that name. One field for each list
//! path of a plan, since that is how people write policies.

use std::collections::{BTreeMap, HashSet};

use super::set::Set;
use crate::catalog::Namer;
use crate::model::policy::Policy;
use crate::yaml::{FieldPath, Segment};

/// At most this many ways are tried, by index included.
const TRIES: usize = 64;

/// The field that names elements in most manifests.
const USUAL: &str = "name";

/// The lists on the paths of a plan, and by which fields their elements may be named.
pub(super) struct Lists<'a> {
    /// By the path of the list without the indices on it.
    fields: BTreeMap<FieldPath, Vec<&'a str>>,
    /// The elements of one of them have more fields than are tried.
    left_out: bool,
}

/// A field for each list, in their order: 0 is the index, then the list's fields from 1.
pub(super) type Choice = Vec<usize>;

impl<'a> Lists<'a> {
    pub(super) fn of(values: &[Set<'a>], policy: &'a Policy) -> Self {
        let mut lists = Self {
            fields: BTreeMap::new(),
            left_out: false,
        };
        let of_policy = policy.fields.iter().flat_map(|path| path.path().segments());
        let of_policy = of_policy.filter_map(|segment| match segment {
            Segment::Select { key, .. } => Some(key.as_str()),
            _ => None,
        });
        let first: Vec<&str> = std::iter::once(USUAL).chain(of_policy).collect();
        for value in values {
            for (index, list) in lists_on(&value.value.path).enumerate() {
                let difference = &value.file.difference;
                let has = |field: &&str| {
                    let text = difference.selector(value.value, index, field);
                    text.is_some()
                };
                match lists.fields.get_mut(&list) {
                    // One field for all elements that changed.
                    Some(fields) => fields.retain(has),
                    None => {
                        let own = difference.selectors(value.value, index, TRIES + 1);
                        lists.left_out |= own.len() > TRIES;
                        let mut fields: Vec<&str> = Vec::new();
                        for field in first.iter().copied().filter(has).chain(own) {
                            if !fields.contains(&field) {
                                fields.push(field);
                            }
                        }
                        lists.fields.insert(list, fields);
                    }
                }
            }
        }
        lists
    }

    /// The choices worth a try besides the index everywhere, the likeliest first, and whether there are more.
    pub(super) fn choices(&self) -> (Vec<Choice>, bool) {
        let mut tried = HashSet::from([vec![0; self.fields.len()]]);
        let mut choices = Vec::new();
        // The same field everywhere, or the list's most likely one if it has none with that name.
        let mut everywhere: Vec<&str> = Vec::new();
        for field in self.fields.values().flatten() {
            if !everywhere.contains(field) {
                everywhere.push(field);
            }
        }
        everywhere.sort_by_key(|field| *field != USUAL);
        for field in everywhere {
            let choice = self.fields.values().map(|fields| {
                let at = fields.iter().position(|own| *own == field);
                at.map_or(usize::from(!fields.is_empty()), |at| at + 1)
            });
            let choice: Choice = choice.collect();
            if choices.len() + 1 < TRIES && tried.insert(choice.clone()) {
                choices.push(choice);
            }
        }
        let most = self.fields.values().map(Vec::len).max().unwrap_or(0);
        for rank in 1..=most {
            let limits: Vec<usize> = self
                .fields
                .values()
                .map(|all| all.len().min(rank))
                .collect();
            let mut choice = vec![0; limits.len()];
            while next(&mut choice, &limits) {
                if tried.contains(&choice) {
                    continue;
                }
                if choices.len() + 1 >= TRIES {
                    return (choices, true);
                }
                tried.insert(choice.clone());
                choices.push(choice.clone());
            }
        }
        (choices, self.left_out)
    }

    /// The path of a value if elements are named by this choice; `None` if it does not lead there.
    pub(super) fn path(
        &self,
        choice: &Choice,
        value: &Set<'a>,
        namer: &mut Namer<'_>,
    ) -> Option<FieldPath> {
        let mut fields = BTreeMap::new();
        for ((list, own), at) in self.fields.iter().zip(choice) {
            fields.insert(list, at.checked_sub(1).and_then(|at| own.get(at)));
        }
        let mut lists = lists_on(&value.value.path).enumerate();
        let mut path = Vec::new();
        for segment in value.value.path.segments() {
            let segment = match segment {
                Segment::Index(_) => {
                    let (index, list) = lists.next()?;
                    match fields.get(&list)? {
                        Some(field) => {
                            let difference = &value.file.difference;
                            let text = difference.selector(value.value, index, field)?;
                            Segment::Select {
                                key: String::from(**field),
                                value: text.to_owned(),
                            }
                        }
                        None => segment.clone(),
                    }
                }
                other => other.clone(),
            };
            path.push(segment);
        }
        let path: FieldPath = path.into_iter().collect();
        let leads = namer.leads_to(value.manifest, value.value, &path);
        leads.then_some(path)
    }
}

/// The lists that a path leads through, each by its path without the indices on it.
fn lists_on(path: &FieldPath) -> impl Iterator<Item = FieldPath> {
    let segments = path.segments();
    let ends = segments.iter().enumerate();
    let ends = ends.filter(|(_, segment)| matches!(segment, Segment::Index(_)));
    ends.map(|(end, _)| {
        let steps = segments.iter().take(end).map(|segment| match segment {
            Segment::Index(_) => Segment::Index(0),
            other => other.clone(),
        });
        steps.collect()
    })
}

/// The next combination within the limits; `false` after the last.
fn next(choice: &mut Choice, limits: &[usize]) -> bool {
    for (digit, limit) in choice.iter_mut().zip(limits) {
        if *digit < *limit {
            *digit += 1;
            return true;
        }
        *digit = 0;
    }
    false
}
