//! Whose approval counts, by the evidence of one pull request. Pure: the rules.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::model::actor::{Actor, UserId};
use crate::model::evidence::{Evidence, Opinion, Permission, Review};
use crate::model::fetched::Fetched;
use crate::model::policy::ApprovalChannel;

/// What the evidence shows for a gate, before it is known how many approvals are needed.
#[derive(Debug, Default)]
pub(super) struct Counted {
    /// People whose approval counts, with the way in which they gave it.
    pub approvals: BTreeMap<UserId, (String, &'static str)>,
    /// People with write access whose last opinion requests changes.
    pub refusals: BTreeSet<String>,
    /// What was given and does not count, and why: for people to read.
    pub void: Vec<String>,
    /// What could not be read. If this is not empty, nothing passes.
    pub unread: Vec<String>,
    /// Why nothing given so far can count yet.
    pub unknown: Option<String>,
    /// The gate's label was added before this head arrived.
    pub stale_label: bool,
    /// Who does not count whatever they say, and why.
    pub excluded: BTreeMap<UserId, String>,
}

impl Counted {
    /// Excludes a person, and removes their approval.
    pub(super) fn exclude(&mut self, id: UserId, why: String) {
        if let Some((login, _)) = self.approvals.remove(&id) {
            self.void.push(format!("{login} {why}, and does not count"));
        }
        self.excluded.entry(id).or_insert(why);
    }
}

/// Counts. `label` is the label of the gate.
pub(super) fn count(evidence: &Evidence, ways: &[ApprovalChannel], label: &str) -> Counted {
    let mut counted = Counted::default();
    let Some(excluded) = excluded(evidence, &mut counted) else {
        return counted;
    };
    let judge = Judge {
        evidence,
        excluded: excluded.clone(),
    };
    counted.excluded = excluded;
    judge.reviews(ways.contains(&ApprovalChannel::Review), &mut counted);
    if ways.contains(&ApprovalChannel::Label) {
        judge.label(label, &mut counted);
    }
    if ways.contains(&ApprovalChannel::Dispatch)
        && let Some(actor) = &evidence.dispatched
    {
        judge.approval(actor, "dispatch", &mut counted);
    }
    counted
}

/// Author, pushers and requester; `None` if they are unknown, so that no one counts.
fn excluded(evidence: &Evidence, counted: &mut Counted) -> Option<BTreeMap<UserId, String>> {
    let mut excluded = BTreeMap::new();
    match &evidence.pushers {
        Ok(pushers) => {
            let why = "has commits on the branch";
            excluded.extend(pushers.iter().map(|id| (*id, why.to_owned())));
        }
        Err(why) => {
            counted.unread.push(why.clone());
            return None;
        }
    }
    match evidence.author.as_ref().and_then(|author| author.id) {
        Some(author) => {
            excluded.insert(author, "opened the pull request".to_owned());
        }
        None => {
            counted
                .unread
                .push("it is unknown who opened the pull request".to_owned());
            return None;
        }
    }
    if let Some(requester) = evidence.requester {
        excluded.insert(requester, "requested this promotion".to_owned());
    }
    Some(excluded)
}

struct Judge<'a> {
    evidence: &'a Evidence,
    excluded: BTreeMap<UserId, String>,
}

impl Judge<'_> {
    /// The last opinion of each person: comments never replace one, and nothing comes back once it was
    /// replaced.
    fn reviews(&self, way: bool, counted: &mut Counted) {
        let reviews = match &self.evidence.reviews {
            Ok(reviews) => reviews,
            Err(why) => {
                counted.unread.push(why.clone());
                return;
            }
        };
        let mut last: BTreeMap<UserId, (&Actor, &Review)> = BTreeMap::new();
        let mut ordered: Vec<&Review> = reviews.iter().collect();
        ordered.sort_by_key(|review| (review.at, review.id));
        for review in ordered {
            let Some(actor) = &review.by else { continue };
            let (Some(id), true) = (actor.person(), review.opinion != Opinion::None) else {
                if review.opinion == Opinion::Approved && actor.person().is_none() {
                    counted
                        .void
                        .push(format!("{} is not a person", actor.login));
                }
                continue;
            };
            last.insert(id, (actor, review));
        }
        for (id, (actor, review)) in last {
            match review.opinion {
                Opinion::ChangesRequested => match self.permission(id, actor) {
                    Ok(Permission::Write) => {
                        counted.refusals.insert(actor.login.clone());
                    }
                    Ok(_) => counted.void.push(format!(
                        "{} requests changes without write access, which does not count",
                        actor.login
                    )),
                    Err(why) => counted.unread.push(why),
                },
                Opinion::Approved if !way => {}
                Opinion::Approved if review.commit != Some(self.evidence.head) => {
                    counted
                        .void
                        .push(format!("{} approved an older commit", actor.login));
                }
                Opinion::Approved => match (&self.evidence.arrived, review.at) {
                    (Ok(arrived), Some(at)) if at > *arrived => {
                        self.approval(actor, "review", counted);
                    }
                    (Ok(_), _) => counted.void.push(format!(
                        "{} approved before the current head was pushed",
                        actor.login
                    )),
                    (Err(why), _) => counted.unknown = Some(why.clone()),
                },
                Opinion::Dismissed | Opinion::None => {}
            }
        }
    }

    /// The label counts while it is on, for the last person who added it, if that was after this head arrived.
    fn label(&self, name: &str, counted: &mut Counted) {
        let is = |label: &str| label.eq_ignore_ascii_case(name);
        if !self.evidence.labels.iter().any(|label| is(label)) {
            return;
        }
        let events = match &self.evidence.label_events {
            Ok(events) => events,
            Err(why) => {
                counted.unread.push(why.clone());
                return;
            }
        };
        let last = events
            .iter()
            .filter(|event| is(&event.label))
            .max_by_key(|event| (event.at, event.order));
        let Some(event) = last.filter(|event| event.set) else {
            counted.unknown = Some(format!("it is not known yet who added the label {name}"));
            return;
        };
        let Some(actor) = &event.by else {
            counted
                .void
                .push(format!("the label {name} was added by a deleted account"));
            return;
        };
        match &self.evidence.arrived {
            Err(why) => counted.unknown = Some(why.clone()),
            Ok(arrived) if !later(event.at, *arrived) => {
                counted.stale_label = true;
                counted.void.push(format!(
                    "{} added the label {name} before the current head was pushed, which does not count",
                    actor.login
                ));
            }
            Ok(_) if !event.is_by_its_name() => counted.void.push(format!(
                "the label {name} was changed after {} added it, and may have had another name then: add it again",
                actor.login
            )),
            Ok(_) => self.approval(actor, "label", counted),
        }
    }

    fn approval(&self, actor: &Actor, way: &'static str, counted: &mut Counted) {
        let Some(id) = actor.person() else {
            counted
                .void
                .push(format!("{} is not a person", actor.login));
            return;
        };
        if let Some(why) = self.excluded.get(&id) {
            counted
                .void
                .push(format!("{} {why}, and does not count", actor.login));
            return;
        }
        match self.permission(id, actor) {
            Ok(Permission::Write) => {
                counted
                    .approvals
                    .entry(id)
                    .or_insert((actor.login.clone(), way));
            }
            Ok(_) => counted
                .void
                .push(format!("{} does not have write access", actor.login)),
            Err(why) => counted.unread.push(why),
        }
    }

    fn permission(&self, id: UserId, actor: &Actor) -> Fetched<Permission> {
        match self.evidence.permissions.get(&id) {
            Some(Ok(permission)) => Ok(*permission),
            Some(Err(why)) => Err(why.clone()),
            None => Err(format!("the permissions of {} were not read", actor.login)),
        }
    }
}

/// Strictly later: what happened in the same second may have been about the state before.
fn later(event: Timestamp, arrived: Timestamp) -> bool {
    event > arrived
}
