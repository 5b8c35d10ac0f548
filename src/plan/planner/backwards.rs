//! What would go back without a person is held: a git ref to an ancestor of its commit, or to a commit that does not
//! descend from it; a version to a lower one.

use std::collections::BTreeSet;

use super::pipeline::Planner;
use super::promotion_draft::PromotionDraft;
use super::reason::Reason;
use crate::copy::{Pair, is_full_id};
use crate::model::change::Change;
use crate::model::commit_range::Direction;
use crate::model::facts::{Facts, Revision, RevisionQuery, WayQuery};
use crate::model::few::few;
use crate::model::ids::CommitId;
use crate::model::pipeline::GateKind;
use crate::model::resolved::StageIndex;
use crate::model::version::Version;

/// What has to be known of the commits of promotions that no person has to approve.
pub(crate) fn way_queries(facts: &Facts<'_>) -> BTreeSet<WayQuery> {
    let mut queries = BTreeSet::new();
    for resolved in facts.resolved {
        if facts.stopped.contains_key(&resolved.id) {
            continue;
        }
        let planner = Planner::new(facts, resolved);
        for stage in 0..resolved.stages.len() {
            for edges in planner.promotions_into(stage) {
                if planner.people_approve(stage, &edges) {
                    continue;
                }
                let changes = planner.draft(stage, &edges).changes;
                let refs = changes.iter().filter(|change| change.sets_git_ref());
                queries.extend(refs.filter_map(|change| {
                    let pair = planner.pair_of(stage, change)?;
                    way_query(&pair, planner.revision(&pair), change)
                }));
            }
        }
    }
    queries
}

/// What a source's git ref follows.
enum Follows<'r> {
    Branch,
    Tag(&'r str),
    Id,
}

impl<'a> Planner<'a> {
    /// Whether an APPROVAL gate must pass, or the approvals of an emergency in its place.
    fn people_approve(&self, stage: StageIndex, edges: &[usize]) -> bool {
        let mut gates = edges
            .iter()
            .flat_map(|edge| &self.manifest.edges[*edge].gates);
        self.emergency(stage).is_some() || gates.any(|gate| gate.kind == GateKind::Approval)
    }

    /// Holds what no one has to approve if it goes back, or overwrites what a person set by hand, unless a person
    /// requests it.
    pub(super) fn hold_backwards(
        &self,
        stage: StageIndex,
        edges: &[usize],
        draft: &mut PromotionDraft,
    ) {
        if self.people_approve(stage, edges) {
            return;
        }
        let found: Vec<String> = draft
            .changes
            .iter()
            .filter_map(|change| self.backwards(stage, change))
            .collect();
        let debts = draft.overwritten_hotfixes.iter();
        let debts: Vec<String> = debts
            .map(|debt| format!("{} was {}", debt.name, debt.reason))
            .collect();
        let kinds = [
            (
                found,
                "a person requested it, and it goes back",
                "goes back",
            ),
            (
                debts,
                "a person requested it, and it overwrites what was set by hand",
                "takes away what was set by hand",
            ),
        ];
        for (found, note, what) in kinds {
            if found.is_empty() {
                continue;
            }
            if self.asked(stage) {
                draft.on_request = true;
                draft.notes.push(note.to_owned());
                continue;
            }
            let found: Vec<&str> = found.iter().map(String::as_str).collect();
            let text = format!("{what} only on a person's request: {}", few(&found, "; "));
            let reason = Reason::new(text).help(self.how_to_ask(stage));
            draft.holds.push(reason);
        }
    }

    /// That a change goes back, or that this cannot be determined.
    fn backwards(&self, stage: StageIndex, change: &Change) -> Option<String> {
        let (name, path) = (&change.manifest.name, &change.path);
        let (old, new) = (change.old.as_ref()?.shown()?, change.new.shown()?);
        let why = if change.sets_git_ref() {
            match self.way(stage, change) {
                Ok(why) => why?,
                Err(why) => format!("it cannot be determined whether that goes back: {why}"),
            }
        } else if Direction::of_versions(change) == Some(Direction::Back) {
            "an older version".to_owned()
        } else {
            return None;
        };
        let (old, new) = (shown(old), shown(new));
        Some(format!("{name} {path} {old} → {new} ({why})"))
    }

    /// Why the change of a git ref goes back, if it does.
    ///
    /// # Errors
    /// Why it cannot be determined.
    fn way(&self, stage: StageIndex, change: &Change) -> Result<Option<String>, String> {
        let Some(pair) = self.pair_of(stage, change) else {
            return Err("its source is not the one that it had before".to_owned());
        };
        // There is nothing but texts to compare.
        if pair.unknown_origin() {
            return Ok(None);
        }
        let revision = self.revision(&pair);
        let query = way_query(&pair, revision, change);
        let (Some(query), Some(Revision::Resolved(resolved))) = (query, revision) else {
            return Err("it is unknown what its source follows".to_owned());
        };
        let way = match self.facts.ways.get(&query) {
            None => return Err("it was not read".to_owned()),
            Some(Err(why)) => return Err(why.clone()),
            Some(Ok(None)) => return Ok(None),
            Some(Ok(Some(way))) => *way,
        };
        let follows = match &resolved.name {
            _ if resolved.moving => Follows::Branch,
            Some(tag) => Follows::Tag(tag),
            None => Follows::Id,
        };
        let held = held_name(&pair);
        if let (Follows::Tag(tag), Some(held)) = (&follows, held)
            && Version::goes_back(held, tag)
        {
            return Ok(Some(format!(
                "the tag {tag} is an older version than {held}"
            )));
        }
        const ASIDE: &str = "neither descends from the other";
        Ok(match (way, follows) {
            (Direction::Forward, _) | (Direction::Sideways, Follows::Id) => None,
            (Direction::Back, _) => Some("the current value descends from it".to_owned()),
            (Direction::Sideways, Follows::Branch) => Some(ASIDE.to_owned()),
            (Direction::Sideways, Follows::Tag(tag)) => match held {
                Some(held) if held != tag => None,
                Some(_) => Some(format!("the tag {tag} was moved, and {ASIDE}")),
                None => Some(format!(
                    "{ASIDE}, and it is unknown whether the current value was the tag {tag} too"
                )),
            },
        })
    }

    /// The target that a change is made in, with its source.
    fn pair_of(&self, stage: StageIndex, change: &Change) -> Option<Pair<'a>> {
        let mut pairs = self.pairs(stage).map(|(_, pair)| pair);
        pairs.find(|pair| pair.target.key == change.manifest)
    }

    fn revision(&self, pair: &Pair<'_>) -> Option<&'a Revision> {
        self.facts.revisions.get(&pair.revision_query()?)
    }
}

/// What has to be known of the commits between which a change leads; `None` if one of them is not known.
fn way_query(pair: &Pair<'_>, revision: Option<&Revision>, change: &Change) -> Option<WayQuery> {
    let Some(Revision::Resolved(resolved)) = revision else {
        return None;
    };
    let new = change.new.expose();
    let new: CommitId = match is_full_id(new) {
        true => new.parse().ok()?,
        // Copied as the source writes it now.
        false if pair.source_ref()?.text == new => resolved.commit,
        false => return None,
    };
    Some(WayQuery {
        old: RevisionQuery {
            reference: change.old.as_ref()?.expose().to_owned(),
            target: Some(new),
            ..pair.revision_query()?
        },
        new,
    })
}

/// The branch or tag that the target holds, or by which the commit was called that it holds.
fn held_name<'p>(pair: &Pair<'p>) -> Option<&'p str> {
    let value = pair.target.git.as_ref()?.reference.value()?;
    match is_full_id(&value.text) {
        true => value.note.as_deref(),
        false => Some(value.text.strip_prefix("refs/tags/").unwrap_or(&value.text)),
    }
}

fn shown(text: &str) -> String {
    text.parse::<CommitId>()
        .map_or_else(|_| text.to_owned(), |commit| commit.short())
}
