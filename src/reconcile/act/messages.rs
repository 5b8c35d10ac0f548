//! The texts of promotions: what a round knows, rendered by `render`.

use crate::forge::Receipt;
use crate::model::commit_range::{self, CommitRangeSummary};
use crate::model::ids::{CommitId, PlanId, PullNumber};
use crate::model::label::{HOLD, NewLabel, approve_label};
use crate::model::pipeline::GateKind;
use crate::model::plan::Promotion;
use crate::model::policy::{ApprovalChannel, GateRule};
use crate::model::promotion_index::PromotionIndex;
use crate::model::record::Record;
use crate::model::rollback::RolledBack;
use crate::model::slug::RepoSlug;
use crate::model::wire_words::replaced_pull;
use crate::plan::delivery::OpenPlan;
use crate::reconcile::commit_ranges::{recorded_in, trailers};
use crate::reconcile::life::{self, Life};
use crate::reconcile::round::Round;
use crate::reconcile::wording::{reason_of, waits_for};
use crate::render::{self, Approved, GateDetail, HeldFor, Landed, Link, Message, PullRequest};

/// Whether a text may offer a label of that name: it exists, or this run is about to create it.
pub(crate) type Offers<'a> = &'a dyn Fn(&str) -> bool;

/// The texts of a pull request to open.
pub(crate) struct Proposed {
    /// The message of its commit.
    pub message: String,
    /// The pull request's title.
    pub title: String,
    /// Its description, in Markdown.
    pub body: String,
    /// Why it waits, for the report.
    pub why: String,
    /// Notices about texts of the policy that could not be used.
    pub problems: Vec<String>,
}

/// A pull request's title and description.
pub(crate) struct Description {
    /// The title.
    pub title: String,
    /// The description, in Markdown.
    pub body: String,
}

/// The texts of a new pull request.
pub(crate) fn proposal(
    round: &Round<'_>,
    place: PromotionIndex,
    record: &Record,
    brings: &[CommitRangeSummary],
    replaces: Option<PullNumber>,
    offers: Offers<'_>,
) -> Proposed {
    let promotion = round.assessment.promotion(place);
    let name = name_of(round, place);
    let texts = &round.observation.repository.policy.texts;
    let (title, subject) = (
        render::title(texts, &name, promotion),
        render::subject(texts, &name, promotion),
    );
    let note = render::note(texts, &name, promotion);
    let problems = [&title.problem, &subject.problem, &note.problem];
    let file = &round.observation.repository.policy_file;
    let problems = problems
        .into_iter()
        .flatten()
        .map(|problem| problem.in_file(file))
        .collect();
    let trailers = record.trailers() + &trailers(brings);
    let message = render::promotion_message(subject.text, promotion, &trailers);
    Proposed {
        message: message.whole(),
        title: title.text.to_string(),
        body: body(
            round,
            place,
            promotion,
            replaces.map(|number| number.0),
            None,
            note.text.as_deref(),
            record.reason.as_deref(),
            promotion.after_rollback.as_ref(),
            None,
            brings,
            None,
            offers,
        ),
        why: match &promotion.after_rollback {
            Some(back) => format!("held: {back}"),
            None => waits_for(promotion),
        },
        problems,
    }
}

/// The texts that an open pull request should have now.
pub(crate) fn description(
    round: &Round<'_>,
    place: PromotionIndex,
    candidate: &OpenPlan,
    reassessed: &Promotion,
    newer: Option<PlanId>,
    offers: Offers<'_>,
) -> Description {
    let name = name_of(round, place);
    let texts = &round.observation.repository.policy.texts;
    let note = render::note(texts, &name, reassessed);
    let replaces = replaced_pull(&candidate.pull.body);
    let reason = reason_of(candidate);
    Description {
        title: render::title(texts, &name, reassessed).text.to_string(),
        body: body(
            round,
            place,
            reassessed,
            replaces,
            newer,
            note.text.as_deref(),
            reason.as_deref(),
            candidate.after_rollback().filter(|_| candidate.is_held()),
            held_for(round, candidate).as_ref(),
            &recorded_in(candidate),
            None,
            offers,
        ),
    }
}

/// The text of a pull request that this run lands as a commit; `None` if its gates do not pass.
pub(crate) fn receipt(
    round: &Round<'_>,
    place: PromotionIndex,
    candidate: &OpenPlan,
    commit: &CommitId,
) -> Option<Receipt> {
    let reassessed = candidate.reassessed.as_ref();
    let promotion = reassessed.filter(|reassessed| reassessed.may_land())?;
    let texts = &round.observation.repository.policy.texts;
    let note = render::note(texts, &name_of(round, place), promotion);
    let body = body(
        round,
        place,
        promotion,
        replaced_pull(&candidate.pull.body),
        None,
        note.text.as_deref(),
        reason_of(candidate).as_deref(),
        None,
        None,
        &recorded_in(candidate),
        Some(commit),
        &|_| true,
    );
    let node = candidate.pull.node.clone();
    Some(Receipt { node, body })
}

/// What holds an open pull request apart from its gates and an earlier rollback, and what lets it go on.
fn held_for(round: &Round<'_>, candidate: &OpenPlan) -> Option<(String, String)> {
    match life::of_pull(round, candidate)? {
        Life::Held(words) if candidate.after_rollback().is_none() => {
            Some((words.why, words.next.unwrap_or_default()))
        }
        _ => None,
    }
}

fn compare_link(host: &str, brings: &CommitRangeSummary) -> Option<Link> {
    Link::parse(brings.compare(host)?.as_str())
}

fn commits<'a>(host: &str, brings: &'a CommitRangeSummary) -> render::Commits<'a> {
    let slug: Option<RepoSlug> = brings
        .repository
        .as_ref()
        .and_then(|repository| repository.parse().ok());
    let link = |number: u64| {
        let slug = slug.as_ref()?;
        Link::parse(&format!("https://{host}/{slug}/pull/{number}"))
    };
    render::Commits {
        service: &brings.service,
        back: brings.way == commit_range::Direction::Back,
        total: brings.total,
        more: brings.cut,
        listed: brings
            .listed
            .iter()
            .map(|(id, subject, author, number)| render::Commit {
                id,
                subject,
                author,
                number: *number,
                link: number.and_then(link),
            })
            .collect(),
    }
}

/// Whether a description differs from the wanted one. Line ends do not count, since GitHub's pages change them.
pub(crate) fn differs(there: &str, wanted: &str) -> bool {
    there.replace("\r\n", "\n").trim_end() != wanted.trim_end()
}

#[allow(
    clippy::too_many_arguments,
    reason = "one call; a struct would only be taken apart again"
)]
fn body(
    round: &Round<'_>,
    place: PromotionIndex,
    promotion: &Promotion,
    replaces: Option<u64>,
    newer: Option<PlanId>,
    note: Option<&str>,
    reason: Option<&str>,
    held_back: Option<&RolledBack>,
    held: Option<&(String, String)>,
    brings: &[CommitRangeSummary],
    landed: Option<&CommitId>,
    offers: Offers<'_>,
) -> String {
    let pipeline = round.pipeline(place);
    let manifest = round
        .observation
        .evaluation
        .catalog
        .pipeline(round.assessment.plan.pipeline_of(place).id);
    let policy = &round.observation.repository.policy;
    let gates = promotion
        .gates
        .iter()
        .map(|gate| {
            let ways: &[ApprovalChannel] = match policy
                .gate(&manifest.name, &gate.name)
                .map(|ruled| ruled.rule)
            {
                Some(GateRule::Approval { ways, .. }) => ways,
                _ if gate.kind == GateKind::Approval => {
                    &[ApprovalChannel::Review, ApprovalChannel::Label]
                }
                _ => &[],
            };
            let label = ways
                .contains(&ApprovalChannel::Label)
                .then(|| approve_label(&gate.edge.to, &gate.name));
            let missing = label.as_deref().is_some_and(|label| !offers(label));
            GateDetail {
                ways,
                label,
                label_missing: missing,
                label_counts: gate.approvals.iter().any(|one| one.ends_with(" (label)")),
                link: gate.link.as_deref().and_then(Link::parse),
                ..GateDetail::default()
            }
        })
        .collect();
    let host = round.session.remotes.host();
    let slug = round.session.forge.slug();
    let repository = match host {
        "github.com" => slug.to_string(),
        host => format!("{host}/{slug}"),
    };
    let of_change = |change| brings.iter().find(|brings| brings.is_of(change));
    let text = PullRequest {
        repository: Some(&repository),
        compare: promotion
            .changes
            .iter()
            .map(|change| compare_link(host, of_change(change)?))
            .collect(),
        brought: promotion.changes.iter().map(of_change).collect(),
        commits: brings.iter().map(|brings| commits(host, brings)).collect(),
        gates,
        land: policy.land,
        replaces,
        newer,
        note,
        reason,
        held_back,
        held: held.map(|(why, next)| HeldFor { why, next }),
        hold_label_missing: !offers(HOLD),
        landed: landed.map(|commit| Landed {
            commit: commit.short(),
            link: Link::parse(&format!("https://{host}/{slug}/commit/{commit}")),
        }),
        ..PullRequest::new(&pipeline, promotion)
    };
    // A description can always be shortened to fit; if a template fails, the plan is still named.
    text.body().unwrap_or_else(|_| {
        format!(
            "Plan `{}`",
            promotion.plan.map(|plan| plan.named()).unwrap_or_default()
        )
    })
}

/// The message of the commit that lands a pull request.
pub(crate) fn landing(
    round: &Round<'_>,
    place: PromotionIndex,
    candidate: &OpenPlan,
    promotion: &Promotion,
) -> Message {
    let trailers = Record::parse(&candidate.proposal.branch.tip.message)
        .map(|record| record.trailers())
        .unwrap_or_default();
    let texts = &round.observation.repository.policy.texts;
    let subject = render::subject(texts, &name_of(round, place), promotion).text;
    let subject = subject.with_pull(candidate.pull.number);
    render::landing_message(subject, promotion, &trailers, Approved::OnGitHub)
}

/// The message of a commit directly onto the base.
pub(crate) fn direct(round: &Round<'_>, place: PromotionIndex, record: &Record) -> Message {
    let promotion = round.assessment.promotion(place);
    let texts = &round.observation.repository.policy.texts;
    let subject = render::subject(texts, &name_of(round, place), promotion).text;
    render::landing_message(subject, promotion, &record.trailers(), Approved::OnGitHub)
}

fn name_of(round: &Round<'_>, place: PromotionIndex) -> String {
    round.key(place).pipeline.name.to_string()
}

/// The labels that people may add to a promotion: those that approve its gates, and `sluice/hold`.
pub(crate) fn labels(
    round: &Round<'_>,
    place: PromotionIndex,
    promotion: &Promotion,
) -> Vec<NewLabel> {
    let manifest = round
        .observation
        .evaluation
        .catalog
        .pipeline(round.assessment.plan.pipeline_of(place).id);
    let by_label = |gate: &&crate::model::plan::GateReport| {
        let rule = round
            .observation
            .repository
            .policy
            .gate(&manifest.name, &gate.name)
            .map(|ruled| ruled.rule);
        gate.kind == GateKind::Approval
            && match rule {
                Some(GateRule::Approval { ways, .. }) => ways.contains(&ApprovalChannel::Label),
                _ => true,
            }
    };
    let gates = promotion.gates.iter().filter(by_label);
    let mut labels: Vec<NewLabel> = gates
        .map(|gate| NewLabel::approve(&gate.edge.to, &gate.name))
        .chain([NewLabel::hold()])
        .collect();
    labels.sort_by(|a, b| a.name.cmp(&b.name));
    labels.dedup_by(|a, b| a.name == b.name);
    labels
}

/// Whom the policy asks to review: logins, and team names without their organization.
pub(crate) fn reviewers(
    round: &Round<'_>,
    place: PromotionIndex,
    promotion: &Promotion,
) -> (Vec<String>, Vec<String>) {
    let policy = &round.observation.repository.policy;
    let manifest = round
        .observation
        .evaluation
        .catalog
        .pipeline(round.assessment.plan.pipeline_of(place).id);
    let named = &policy
        .stage_rules(&manifest.name, &promotion.stage)
        .reviewers;
    let (mut people, mut teams) = (Vec::new(), Vec::new());
    let mut add = |name: &str| match name.split_once('/') {
        Some((_, team)) => teams.push(team.to_owned()),
        None => people.push(name.trim_start_matches('@').to_owned()),
    };
    for name in named {
        match policy.people.get(name.value.as_str()) {
            Some(group) => group.rule.iter().for_each(|member| add(member)),
            None => add(&name.value),
        }
    }
    (people, teams)
}
