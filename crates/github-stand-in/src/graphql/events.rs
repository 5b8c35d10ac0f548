//! The timeline of a pull request in the graph.

use super::super::clock::stamp;
use super::super::ids::RepoId;
use super::super::pull::{Event, Pull, What};
use super::super::repo::Label;
use super::super::view;
use super::super::world::World;
use super::people::{actor, person};
use super::pull_parts::{comment_of, commit_of, commits_of, label_of};
use super::value::{Args, Ctx, Kind, Out};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The label of an event: as the repository has it now, if [`Switches::label_events_follow`](super::super::world::Switches) says so; else
/// as it was set. One that was deleted is as it was set.
fn of_event(world: &World, at: RepoId, event: &Event, name: &str, color: &str) -> Out {
    let now = world.repo(at).label_once(name);
    let label = match now {
        Some(label) if world.switches.label_events_follow.0 => label.clone(),
        _ => Label {
            id: now.map_or(0, |label| label.id),
            name: name.to_owned(),
            color: color.to_owned(),
            description: None,
            former: Vec::new(),
            created_at: now.map_or(event.at, |label| label.created_at),
            updated_at: now.map_or(event.at, |label| label.updated_at),
        },
    };
    Out::One(label_of(world, at, &label))
}

/// One event.
pub fn event(world: &World, at: RepoId, pull: &Pull, event: &Event) -> Kind {
    let number = pull.number;
    let path = format!("/{}/pull/{number}#event-{}", world.slug(at), event.id);
    let commit = |oid| Out::One(Kind::Commit(at, oid));
    let this = || Out::One(Kind::Pull(at, number));
    let mut fields = BTreeMap::from([
        ("id", Out::leaf(view::node("EV", event.id))),
        ("databaseId", Out::small(event.id)),
        ("actor", actor(event.actor)),
        ("createdAt", Out::leaf(stamp(event.at))),
        ("pullRequest", this()),
        ("url", Out::leaf(format!("{}{path}", world.html))),
        ("resourcePath", Out::leaf(path)),
    ]);
    match &event.what {
        What::Labeled(name, color) | What::Unlabeled(name, color) => {
            fields.insert("label", of_event(world, at, event, name, color));
            fields.insert("labelable", this());
        }
        What::Merged(oid) => {
            fields.insert("commit", commit(*oid));
            fields.insert("mergeRefName", Out::leaf(pull.base.as_str()));
            fields.insert(
                "mergeRef",
                Out::One(Kind::Ref(at, format!("refs/heads/{}", pull.base))),
            );
        }
        What::HeadForcePushed(before, after) | What::BaseForcePushed(before, after) => {
            fields.insert("beforeCommit", commit(*before));
            fields.insert("afterCommit", commit(*after));
            let name = match event.what {
                What::HeadForcePushed(..) => &pull.head,
                _ => &pull.base,
            };
            fields.insert("ref", Out::One(Kind::Ref(at, format!("refs/heads/{name}"))));
        }
        What::HeadDeleted => {
            fields.insert("headRefName", Out::leaf(pull.head.as_str()));
            fields.insert("headRef", Out::NULL);
        }
        What::BaseDeleted(name) => {
            fields.insert("baseRefName", Out::leaf(name.as_str()));
        }
        What::BaseChanged(from, to) => {
            fields.insert("previousRefName", Out::leaf(from.as_str()));
            fields.insert("currentRefName", Out::leaf(to.as_str()));
        }
        What::Renamed(from, to) => {
            fields.insert("previousTitle", Out::leaf(from.as_str()));
            fields.insert("currentTitle", Out::leaf(to.as_str()));
            fields.insert("subject", this());
        }
        What::ReviewRequested(who) | What::ReviewRequestRemoved(who) => {
            fields.insert("requestedReviewer", actor(Some(*who)));
        }
        What::ReviewDismissed(review, state, message) => {
            fields.insert("review", Out::One(Kind::Review(at, number, *review)));
            fields.insert("previousReviewState", Out::leaf(state.to_uppercase()));
            fields.insert("dismissalMessage", Out::leaf(message.as_str()));
            fields.insert("pullRequestCommit", Out::NULL);
        }
        What::AutoMergeOn => {
            fields.insert("enabler", person(world, event.actor));
        }
        What::AutoMergeOff => {
            fields.insert("disabler", person(world, event.actor));
            fields.insert("reason", Out::NULL);
            fields.insert("reasonCode", Out::NULL);
        }
        What::Enqueued => {
            fields.insert("enqueuer", person(world, event.actor));
            fields.insert(
                "mergeQueue",
                super::merge_queue::queue(world, at, &pull.base),
            );
        }
        What::Dequeued {
            reason,
            group,
            enqueuer,
        } => {
            fields.insert("enqueuer", person(world, Some(*enqueuer)));
            fields.insert("reason", Out::leaf(reason.as_str()));
            fields.insert("beforeCommit", commit(*group));
            fields.insert(
                "mergeQueue",
                super::merge_queue::queue(world, at, &pull.base),
            );
        }
        What::Closed => {
            fields.insert("closer", Out::NULL);
            fields.insert("stateReason", Out::NULL);
        }
        What::Reopened => {
            fields.insert("closable", this());
            fields.insert("stateReason", Out::NULL);
        }
        What::HeadRestored | What::Ready | What::Draft => {}
    }
    Kind::Plain(event.what.typename(), Rc::new(fields))
}

/// The item type of an event, `LABELED_EVENT` for `LabeledEvent`.
fn item_type(typename: &str) -> String {
    let mut out = String::new();
    for (at, letter) in typename.char_indices() {
        if letter.is_ascii_uppercase() && at > 0 {
            out.push('_');
        }
        out.push(letter.to_ascii_uppercase());
    }
    out
}

/// `timelineItems`: in the order of time, only the `itemTypes` asked for.
pub fn timeline(ctx: &Ctx<'_>, world: &World, at: RepoId, pull: &Pull, args: &Args) -> Out {
    let mut lines: Vec<(jiff::Timestamp, u64, String, Kind)> = Vec::new();
    for oid in commits_of(world, at, pull) {
        if let Some(commit) = world.repo(at).store.info(oid) {
            let kind = commit_of(world, at, pull.number, oid);
            lines.push((
                commit.committer.at,
                0,
                "PULL_REQUEST_COMMIT".to_owned(),
                kind,
            ));
        }
    }
    for one in &pull.events {
        let kind = event(world, at, pull, one);
        lines.push((one.at, one.id, item_type(one.what.typename()), kind));
    }
    for one in &pull.comments {
        let kind = comment_of(world, ctx, at, pull.number, one);
        lines.push((one.created_at, one.id, "ISSUE_COMMENT".to_owned(), kind));
    }
    for one in &pull.reviews {
        if let Some(when) = one.at {
            let kind = Kind::Review(at, pull.number, one.id);
            lines.push((when, one.id, "PULL_REQUEST_REVIEW".to_owned(), kind));
        }
    }
    lines.sort_by_key(|(at, id, ..)| (*at, *id));
    // `totalCount` counts the whole timeline, whatever types were asked for; `filteredCount` counts those.
    let total = lines.len();
    let wanted = args.texts("itemTypes");
    let since: Option<jiff::Timestamp> = args.text("since").and_then(|text| text.parse().ok());
    let kept = lines
        .into_iter()
        .filter(|(at, ..)| since.is_none_or(|since| *at >= since))
        .filter(|(_, _, name, _)| wanted.as_ref().is_none_or(|wanted| wanted.contains(name)))
        .map(|(.., kind)| kind)
        .skip(args.number("skip").unwrap_or(0) as usize)
        .collect();
    let extra = BTreeMap::from([
        ("updatedAt", stamp(pull.updated_at).into()),
        ("totalCount", total.into()),
    ]);
    Out::Page(kept, extra)
}
