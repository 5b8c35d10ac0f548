//! `promote --local`: one promotion as one commit on the current branch, without GitHub.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::approvers::people;
use super::call::Call;
use super::output::Output;
use crate::error::{Exit, Failure};
use crate::evaluation::evaluate::{Evaluation, PlanInputs};
use crate::evaluation::find::find;
use crate::evaluation::repository_state::{ReadFrom, RepositoryState};
use crate::execute::{Target, edited_files, record};
use crate::model::facts::Approvals;
use crate::model::finding::{Finding, Severity};
use crate::model::ids::CommitId;
use crate::model::plan::{Promotion, State};
use crate::model::source_location::RepoPath;
use crate::model::verdict::Verdict;
use crate::render::{self, Approved};
use crate::report::escape::terminal;
use crate::report::json;
use crate::report::plan_text::value;

/// Commits the promotion into a stage, if it may land; `approved_by` names who approves it.
pub(super) fn run(
    call: &Call,
    pipeline: &str,
    to: &str,
    approved_by: Vec<String>,
) -> Result<Output, Failure> {
    let repository = call.open(ReadFrom::Commit)?;
    let Some(repo) = &repository.repo else {
        return Err(Failure::usage(format!(
            "{} is not a git repository",
            repository.root.display()
        ))
        .hint("give the top of a work tree, or a bare repository"));
    };
    let Some(tip) = repository.tip else {
        return Err(Failure::usage("the repository has no commit yet"));
    };
    if repository.branch.is_none() {
        return Err(Failure::new(
            Exit::Blocked,
            "no branch is checked out, so there is none to commit to",
        )
        .hint("git switch BRANCH"));
    }
    let evaluation = Evaluation::of(&repository, call.now, true)?;
    let (id, stage) = find(&evaluation, pipeline, to)?;
    let inputs = PlanInputs {
        approvals: Some(Approvals {
            names: people(&approved_by)?,
            assumed: false,
        }),
        asked: BTreeSet::from([(id, stage)]),
        ..PlanInputs::default()
    };
    let plan = evaluation.plan(&repository, call.now, &inputs);
    let all: Vec<&Promotion> = plan.pipelines[id.0]
        .promotions
        .iter()
        .filter(|promotion| promotion.index == stage)
        .collect();
    // With `join: any` there are several: the one that may land, otherwise the one in the worst state.
    let chosen = all
        .iter()
        .find(|promotion| promotion.may_land())
        .or_else(|| all.iter().min_by_key(|promotion| promotion.state));
    let Some(promotion) = chosen else {
        return Err(Failure::usage(format!(
            "no edge leads into {to}, so nothing is ever promoted into it"
        )));
    };
    let exit = evaluation.exit(&plan);
    let done = |commit| {
        done(
            call,
            &repository,
            &evaluation.findings,
            commit,
            promotion,
            exit,
        )
    };
    if promotion.state.is_at_rest() {
        return Ok(done(None));
    }
    refuse_unless_it_may_land(promotion)?;

    let files = edited_files(&promotion.changes, |path| repository.bytes(path))?;
    let paths: Vec<String> = files.iter().map(|file| file.path.to_string()).collect();
    let uncommitted = repo.uncommitted(Some(&paths))?;
    if !uncommitted.is_empty() {
        return Err(Failure::new(
            Exit::Blocked,
            format!(
                "these files have changes that are not committed: {}",
                uncommitted.join(", ")
            ),
        )
        .hint("commit or stash them first; nothing was written"));
    }
    let manifest = evaluation.catalog.pipeline(id);
    let target = Target {
        repository: String::new(),
        base: repository.branch.clone().unwrap_or_default(),
        requested_by: None,
        reason: None,
        emergency: None,
    };
    let blob = |path: &RepoPath| repository.file(path).map(|file| file.blob);
    let record = record(
        manifest.namespace.as_deref(),
        manifest.name.as_str(),
        promotion,
        &target,
        blob,
    )
    .ok_or_else(|| Failure::new(Exit::Failed, "there is nothing to record"))?;
    let subject = render::subject(&repository.policy.texts, manifest.name.as_str(), promotion);
    let message = render::landing_message(
        subject.text,
        promotion,
        &record.trailers(),
        Approved::ByHand,
    );
    let contents: Vec<(String, Vec<u8>)> = files
        .into_iter()
        .map(|file| (file.path.to_string(), file.after))
        .collect();
    let author = repo.author_from_config(call.now.as_second())?;
    let commit = repo.write_commit(Some(&tip), &contents, &message.whole(), &author)?;
    repo.land_on_current_branch(&tip, &commit, &paths)?;
    let mut output = done(Some(commit));
    let problem = subject.problem.iter();
    let problem = problem.map(|problem| problem.in_file(&repository.policy_file));
    output.notices.extend(problem);
    Ok(output)
}

fn refuse_unless_it_may_land(promotion: &Promotion) -> Result<(), Failure> {
    let refuse = |exit: Exit, why: String| {
        Err(Failure::new(exit, why).hint("nothing was written; sluice plan shows everything"))
    };
    let stage = &promotion.stage;
    match promotion.state {
        State::Due => {}
        State::InSync | State::NotMoved => return Ok(()),
        State::Error => {
            return refuse(
                Exit::Invalid,
                format!("{stage} cannot be promoted: {}", promotion.reason),
            );
        }
        State::Held => {
            return refuse(
                Exit::Blocked,
                format!("{stage} is held: {}", promotion.reason),
            );
        }
        State::Ahead => {
            return refuse(
                Exit::Blocked,
                format!("{stage} is ahead of its source: {}", promotion.reason),
            );
        }
    }
    let shut: Vec<String> = promotion
        .gates
        .iter()
        .filter(|gate| gate.judgement.verdict != Verdict::Pass)
        .map(|gate| format!("{} ({}): {}", gate.name, gate.kind, gate.judgement.reason))
        .collect();
    if shut.is_empty() {
        return Ok(());
    }
    let mut failure = Failure::new(
        Exit::Blocked,
        format!("not every gate passes: {}", shut.join("; ")),
    );
    if promotion
        .gates
        .iter()
        .any(|gate| gate.kind == crate::model::pipeline::GateKind::Approval)
    {
        failure = failure
            .hint("an APPROVAL gate passes here with --approved-by NAME, recorded as unverified");
    }
    Err(failure.hint("nothing was written"))
}

fn done(
    call: &Call,
    repository: &RepositoryState,
    findings: &[Finding],
    commit: Option<CommitId>,
    promotion: &Promotion,
    exit: Exit,
) -> Output {
    let text = if call.json() {
        json::document(&serde_json::json!({
            "version": json::VERSION,
            "commit": commit,
            "promotion": json::promotion(promotion),
            "findings": json::findings(findings),
        }))
    } else {
        text(call, findings, commit, promotion)
    };
    Output {
        text,
        notices: repository.notices.clone(),
        exit,
    }
}

fn text(
    call: &Call,
    findings: &[Finding],
    commit: Option<CommitId>,
    promotion: &Promotion,
) -> String {
    let mut text = String::new();
    let stage = terminal(promotion.stage.as_str());
    for change in &promotion.changes {
        let name = terminal(&change.manifest.name);
        let path = terminal(&change.path.to_string());
        let _ = writeln!(text, "  {name} {path}  {}", value(change));
    }
    for skipped in &promotion.skipped {
        let _ = writeln!(text, "  not copied: {}", terminal(skipped));
    }
    for service in &promotion.skipped_services {
        let name = terminal(&service.name);
        let _ = writeln!(
            text,
            "  stays behind: {name}  {}",
            terminal(&service.reason)
        );
    }
    let _ = match commit {
        Some(commit) => writeln!(text, "Promoted {stage} in commit {}.", commit.short()),
        None => {
            let reason = terminal(&promotion.reason);
            let state = match promotion.state {
                State::NotMoved => "not moved",
                _ => "in sync",
            };
            writeln!(text, "{stage} is {state}: {reason}. Nothing was written.")
        }
    };
    let errors: Vec<Finding> = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .cloned()
        .collect();
    if !errors.is_empty() {
        let _ = write!(
            text,
            "\n{}",
            crate::report::findings::text(&errors, call.style)
        );
    }
    text
}
