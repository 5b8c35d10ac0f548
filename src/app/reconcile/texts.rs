//! The texts of promotions: what is known at a turn, put into the words of `render`.

use super::stages::Place;
use super::turn::Turn;
use crate::model::brought::{self, Brings};
use crate::model::ids::{PlanId, PullNumber};
use crate::model::label::{HOLD, NewLabel, approve_label};
use crate::model::pipeline::GateKind;
use crate::model::plan::Promotion;
use crate::model::policy::{GateRule, Way};
use crate::model::rollback::RolledBack;
use crate::model::slug::RepoSlug;
use crate::plan::delivery::Candidate;
use crate::record::{Record, branch_start};
use crate::render::{self, GateDetail, Link, Message, PullRequest};

/// Whether a text offers a label of that name: one that exists, or that this run is about to create.
pub(super) type Offers<'a> = &'a dyn Fn(&str) -> bool;

/// A pull request to open.
pub(super) struct Proposed {
    pub message: String,
    pub title: String,
    pub body: String,
    /// Why it waits, for the report.
    pub why: String,
    /// Texts of the policy that could not be used.
    pub problems: Vec<String>,
}

/// A pull request's title and description.
pub(super) struct Description {
    pub title: String,
    pub body: String,
}

/// The texts of a new pull request.
pub(super) fn proposal(
    turn: &Turn<'_>,
    place: Place,
    record: &Record,
    brings: &[Brings],
    replaces: Option<PullNumber>,
    offers: Offers<'_>,
) -> Proposed {
    let promotion = turn.stages.promotion(place);
    let name = name_of(turn, place);
    let texts = &turn.seen.world.policy.texts;
    let (title, subject) = (
        render::title(texts, &name, promotion),
        render::subject(texts, &name, promotion),
    );
    let note = render::note(texts, &name, promotion);
    let problems = [&title.problem, &subject.problem, &note.problem];
    let file = &turn.seen.world.policy_file;
    let problems = problems
        .into_iter()
        .flatten()
        .map(|problem| {
            format!(
                "{file}:{}:{}: {problem}",
                problem.at.line, problem.at.column
            )
        })
        .collect();
    let trailers = record.trailers() + &brings_trailers(brings);
    let message = render::promotion_message(subject.text, promotion, &trailers);
    Proposed {
        message: message.whole(),
        title: title.text.to_string(),
        body: body(
            turn,
            place,
            promotion,
            replaces.map(|number| number.0),
            None,
            note.text.as_deref(),
            record.reason.as_deref(),
            promotion.after_rollback.as_ref(),
            brings,
            offers,
        ),
        why: match &promotion.after_rollback {
            Some(back) => format!("held: {back}"),
            None => waits_for(promotion),
        },
        problems,
    }
}

/// The texts of a pull request that is open.
pub(super) fn description(
    turn: &Turn<'_>,
    place: Place,
    candidate: &Candidate,
    judged: &Promotion,
    newer: Option<PlanId>,
    offers: Offers<'_>,
) -> Description {
    let name = name_of(turn, place);
    let texts = &turn.seen.world.policy.texts;
    let note = render::note(texts, &name, judged);
    let replaces = replaced_by_this(&candidate.pull.body);
    let reason = reason_of(candidate);
    Description {
        title: render::title(texts, &name, judged).text.to_string(),
        body: body(
            turn,
            place,
            judged,
            replaces,
            newer,
            note.text.as_deref(),
            reason.as_deref(),
            candidate.after_rollback().filter(|_| candidate.is_held()),
            &brings_of(candidate),
            offers,
        ),
    }
}

/// The trailer under which the head commit says what it brings. It is for people: the texts of later runs are made from it, and
/// nothing else.
const BRINGS: &str = "Brings";

fn brings_trailers(brings: &[Brings]) -> String {
    let lines = brings.iter().take(10).filter_map(|brings| {
        let json = serde_json::to_string(brings).ok()?;
        Some(crate::record::trailer(BRINGS, &json))
    });
    lines.collect()
}

pub(super) fn brings_of(candidate: &Candidate) -> Vec<Brings> {
    let message = &candidate.proposal.branch.tip.message;
    let found = crate::record::trailers_of(message, BRINGS);
    found
        .iter()
        .filter_map(|json| serde_json::from_str(json).ok())
        .collect()
}

fn compare_link(host: &str, brings: &Brings) -> Option<Link> {
    Link::parse(brings.compare(host)?.as_str())
}

fn commits<'a>(host: &str, brings: &'a Brings) -> render::Commits<'a> {
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
        back: brings.way == brought::Way::Back,
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

/// Why somebody asked for what stands in a pull request, as its record says.
pub(super) fn reason_of(candidate: &Candidate) -> Option<String> {
    Record::parse(&candidate.proposal.branch.tip.message)?.reason
}

/// The number that a description says it replaces: nothing hangs on it, so what stands there is believed.
fn replaced_by_this(body: &str) -> Option<u64> {
    let (_, rest) = body.rsplit_once("replaces #")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// Whether a description is another one than that which stands there; line ends aside, which GitHub's pages change.
pub(super) fn differs(there: &str, wanted: &str) -> bool {
    there.replace("\r\n", "\n").trim_end() != wanted.trim_end()
}

#[allow(
    clippy::too_many_arguments,
    reason = "one call; a struct would only be taken apart again"
)]
fn body(
    turn: &Turn<'_>,
    place: Place,
    promotion: &Promotion,
    replaces: Option<u64>,
    newer: Option<PlanId>,
    note: Option<&str>,
    reason: Option<&str>,
    held_back: Option<&RolledBack>,
    brings: &[Brings],
    offers: Offers<'_>,
) -> String {
    let pipeline = turn.pipeline(place);
    let manifest = turn
        .seen
        .evaluation
        .catalog
        .pipeline(turn.stages.plan.pipelines[place.0].id);
    let policy = &turn.seen.world.policy;
    let gates = promotion
        .gates
        .iter()
        .map(|gate| {
            let ways: &[Way] = match policy
                .gate(&manifest.name, &gate.name)
                .map(|ruled| ruled.rule)
            {
                Some(GateRule::Approval { ways, .. }) => ways,
                _ if gate.kind == GateKind::Approval => &[Way::Review, Way::Label],
                _ => &[],
            };
            let label = ways
                .contains(&Way::Label)
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
    let host = turn.session.remotes.host();
    let slug = turn.session.forge.slug();
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
        hold_label_missing: !offers(HOLD),
        ..PullRequest::new(&pipeline, promotion)
    };
    // Its own least form fits any bounds; should a template fail, the plan is still named.
    text.body().unwrap_or_else(|_| {
        format!(
            "Plan `{}`",
            promotion.plan.map(|plan| plan.named()).unwrap_or_default()
        )
    })
}

/// What a gate that does not pass yet says, for the report.
pub(super) fn waits_for(promotion: &Promotion) -> String {
    use crate::model::verdict::Verdict;
    let open: Vec<String> = promotion
        .gates
        .iter()
        .filter(|gate| gate.judgement.verdict != Verdict::Pass)
        .map(|gate| format!("{}: {}", gate.name, gate.judgement.reason))
        .collect();
    match open.is_empty() {
        true => promotion.reason.to_string(),
        false => open.join("; "),
    }
}

/// The message of a landing through a pull request.
pub(super) fn landing(
    turn: &Turn<'_>,
    place: Place,
    candidate: &Candidate,
    promotion: &Promotion,
) -> Message {
    let trailers = Record::parse(&candidate.proposal.branch.tip.message)
        .map(|record| record.trailers())
        .unwrap_or_default();
    let texts = &turn.seen.world.policy.texts;
    let subject = render::subject(texts, &name_of(turn, place), promotion).text;
    let subject = subject.with_pull(candidate.pull.number);
    render::landing_message(subject, promotion, &trailers, &promotion.gates)
}

/// The message of a commit straight onto the base.
pub(super) fn direct(turn: &Turn<'_>, place: Place, record: &Record) -> Message {
    let promotion = turn.stages.promotion(place);
    let texts = &turn.seen.world.policy.texts;
    let subject = render::subject(texts, &name_of(turn, place), promotion).text;
    render::landing_message(subject, promotion, &record.trailers(), &promotion.gates)
}

fn name_of(turn: &Turn<'_>, place: Place) -> String {
    turn.key(place).1
}

/// The labels that people may set on a promotion: those that approve its gates, and the one that holds it.
pub(super) fn labels(turn: &Turn<'_>, place: Place, promotion: &Promotion) -> Vec<NewLabel> {
    let manifest = turn
        .seen
        .evaluation
        .catalog
        .pipeline(turn.stages.plan.pipelines[place.0].id);
    let by_label = |gate: &&crate::model::plan::GateReport| {
        let rule = turn
            .seen
            .world
            .policy
            .gate(&manifest.name, &gate.name)
            .map(|ruled| ruled.rule);
        gate.kind == GateKind::Approval
            && match rule {
                Some(GateRule::Approval { ways, .. }) => ways.contains(&Way::Label),
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

/// Whom the policy asks to review: logins, and teams without their organisation.
pub(super) fn reviewers(
    turn: &Turn<'_>,
    place: Place,
    promotion: &Promotion,
) -> (Vec<String>, Vec<String>) {
    let policy = &turn.seen.world.policy;
    let manifest = turn
        .seen
        .evaluation
        .catalog
        .pipeline(turn.stages.plan.pipelines[place.0].id);
    let named = policy
        .stage(&manifest.name, &promotion.stage)
        .map(|ruled| ruled.rule.reviewers.as_slice())
        .unwrap_or_default();
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

/// Whether a branch put up this very plan of a stage, whatever its build.
pub(super) fn branch_is_of_plan(branch: &str, pipeline: &str, stage: &str, plan: &PlanId) -> bool {
    branch.starts_with(&branch_start(pipeline, stage, plan))
}
