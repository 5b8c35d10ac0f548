//! `history`: what landed, and through which gates; with `--verify`, whether anything else changed what promotions
//! write.

use jiff::Timestamp;

use super::call::Call;
use super::output::Output;
use crate::catalog::{load, resolve_pipelines};
use crate::error::{Exit, Failure};
use crate::evaluation::repository_state::{ReadFrom, RepositoryState};
use crate::gather::{LandingsSearch, PromotedFields, past_landings};
use crate::model::catalog::Catalog;
use crate::model::finding::Severity;
use crate::model::ids::CommitId;
use crate::model::landed::{Narrowed, PastLandings, Unread};
use crate::model::nearest::nearest;
use crate::model::policy::Policy;
use crate::model::resolved::ResolvedPipeline;
use crate::plan;
use crate::policy;
use crate::repo::{Repo, RepoError};
use crate::report::history;

/// What the command line asks for.
pub(super) struct HistoryOptions {
    /// Recompute every landing, and look for changes made any other way.
    pub verify: bool,
    /// Only this pipeline, as NAME or NAMESPACE/NAME.
    pub pipeline: Option<String>,
    /// Only this stage.
    pub to: Option<String>,
    /// Only what is not older than this, by the dates of commits.
    pub since: Option<Timestamp>,
    /// List at most this many landings, the newest; `verify` checks all of them.
    pub limit: Option<usize>,
}

/// Lists the landings up to the current commit.
pub(super) fn run(call: &Call, asked: HistoryOptions) -> Result<Output, Failure> {
    let repository = call.open(ReadFrom::Commit)?;
    let Some(repo) = &repository.repo else {
        return Err(Failure::usage(format!(
            "{} is not a git repository, so it has no history",
            repository.root.display()
        ))
        .hint("give the top of a work tree, or a bare repository"));
    };
    let Some(tip) = repository.tip else {
        return Err(Failure::usage("the repository has no commit yet"));
    };
    let found = read(&repository, repo, tip, call.policy.is_some(), &asked)?;
    let exit = exit(&found);
    let report = history::HistoryReport {
        heading: repository.heading(),
        branch: repository.branch.as_deref(),
        tip,
        since: asked.since,
        found: &found,
        verify: &call.again.within("sluice history --verify"),
    };
    let text = match call.json() {
        true => history::document(&report),
        false => history::text(&report, call.style),
    };
    Ok(Output {
        text,
        notices: repository.notices.clone(),
        exit,
    })
}

/// The document of `history --verify` of a repository, or why there is none.
pub(super) fn document(
    repository: &RepositoryState,
    policy_is_given: bool,
    pipeline: Option<String>,
) -> Result<String, String> {
    let Some(repo) = &repository.repo else {
        return Err("There is no git repository here.".to_owned());
    };
    let Some(tip) = repository.tip else {
        return Err("The repository has no commit yet.".to_owned());
    };
    let asked = HistoryOptions {
        verify: true,
        pipeline,
        to: None,
        since: None,
        limit: None,
    };
    let found = read(repository, repo, tip, policy_is_given, &asked)
        .map_err(|failure| format!("It could not be read: {}.", failure.message))?;
    Ok(history::document(&history::HistoryReport {
        heading: String::new(),
        branch: repository.branch.as_deref(),
        tip,
        since: None,
        found: &found,
        verify: "",
    }))
}

fn read(
    repository: &RepositoryState,
    repo: &Repo,
    tip: CommitId,
    policy_is_given: bool,
    asked: &HistoryOptions,
) -> Result<PastLandings, Failure> {
    let catalog = load(&repository.files, &repository.policy);
    let narrowed = Narrowed::new(asked.pipeline.as_deref(), asked.to.clone());
    let mut unread = Vec::new();
    if let Some(finding) = &repository.policy_finding {
        unread.push(at_tip(format!("{}: {}", finding.place, finding.message)));
    }
    let resolved = match asked.verify {
        true => resolve_pipelines(&catalog, &repository.here),
        false => Vec::new(),
    };
    let fields = asked.verify.then(|| {
        promoted_fields(
            &repository.policy,
            &catalog,
            &resolved,
            &narrowed,
            &mut unread,
        )
    });
    let mut found = past_landings(&LandingsSearch {
        repo,
        tip,
        policy: &repository.policy,
        policy_at: &|commit| match policy_is_given {
            true => Ok(None),
            false => policy_at(repo, commit),
        },
        narrowed: &narrowed,
        since: asked.since,
        limit: asked.limit,
        verify: fields.as_ref(),
    })?;
    unread.append(&mut found.unread);
    found.unread = unread;
    known(&catalog, asked, &narrowed, &found)?;
    Ok(found)
}

/// Something at the current commit that could not be read.
fn at_tip(why: String) -> Unread {
    Unread { commit: None, why }
}

/// The fields that promotions may write, by the current pipelines. Whatever keeps one from being determined is added to
/// `unread`.
fn promoted_fields<'a>(
    policy: &Policy,
    catalog: &'a Catalog,
    resolved: &'a [ResolvedPipeline],
    narrowed: &Narrowed,
    unread: &mut Vec<Unread>,
) -> PromotedFields<'a> {
    // A file of ours that cannot be read may hold any pipeline.
    for finding in &catalog.findings {
        if finding.severity == Severity::Error {
            unread.push(at_tip(format!("{}: {}", finding.place, finding.message)));
        }
    }
    let wanted = |pipeline: &ResolvedPipeline, stage: usize| {
        let manifest = catalog.pipeline(pipeline.id);
        let stage = manifest.stages[stage].name.as_str();
        narrowed.takes(manifest.namespace.as_deref(), manifest.name.as_str(), stage)
    };
    for pipeline in resolved {
        let manifest = catalog.pipeline(pipeline.id);
        let stages = manifest.stages.iter().zip(&pipeline.stages).enumerate();
        for (_, (stage, looked_up)) in stages.filter(|(index, _)| wanted(pipeline, *index)) {
            for (entry, looked_up) in stage.services.iter().zip(&looked_up.services) {
                let Some(criteria) = &entry.criteria else {
                    continue;
                };
                let source = looked_up.source.as_ref().map(|source| source.found());
                let lost = match (looked_up.service.found(), source) {
                    // The history of a target in another repository is there.
                    (None, _) if criteria.repository.is_some() => None,
                    (None, Some(_)) => Some(&entry.reference),
                    (Some(_), Some(None)) => criteria.source.as_ref(),
                    _ => None,
                };
                if let Some(reference) = lost {
                    unread.push(at_tip(format!(
                        "{}: {reference} does not identify a single ServiceDeployment, so it is unknown which fields are promoted",
                        manifest.place(reference.name_at)
                    )));
                }
            }
        }
    }
    let mut fields = PromotedFields::new(catalog, resolved);
    for (place, pair) in plan::pairs(catalog, policy, resolved) {
        let pipeline = &resolved[place.pipeline.0];
        if !wanted(pipeline, place.stage) {
            continue;
        }
        let looked_up = &pipeline.stages[place.stage].services[place.service];
        let configured = &pair.target.configuration.entries;
        let asked = pair
            .keys
            .iter()
            .any(|key| !configured.contains_key(&key.value));
        if let (true, Some(reference), Some(None)) = (
            asked,
            &pair.target.configuration_ref,
            looked_up
                .target_secret
                .as_ref()
                .map(|secret| secret.found()),
        ) {
            unread.push(at_tip(format!(
                "{}: {reference} does not identify a single Secret, so its keys cannot be followed",
                pair.target.place(reference.name_at)
            )));
        }
        fields.add(&pair);
    }
    fields
}

/// The policy at a commit. `None`: it was not valid, so nothing could land.
fn policy_at(repo: &Repo, commit: &CommitId) -> Result<Option<Policy>, RepoError> {
    Ok(match repo.blob_at(commit, policy::DEFAULT_PATH)? {
        Some((_, bytes)) => policy::parse(&policy::DEFAULT_PATH.into(), &bytes).ok(),
        None => Some(Policy::default()),
    })
}

/// A misspelled name must not look like a clean history.
fn known(
    catalog: &Catalog,
    asked: &HistoryOptions,
    narrowed: &Narrowed,
    found: &PastLandings,
) -> Result<(), Failure> {
    let stages = |of: &Narrowed| {
        catalog.pipelines.iter().any(|pipeline| {
            let takes = |stage: &str| {
                of.takes(pipeline.namespace.as_deref(), pipeline.name.as_str(), stage)
            };
            let mut stages = pipeline.stages.iter();
            stages.any(|stage| takes(stage.name.as_str()))
        })
    };
    let nothing_found = found.landings.is_empty()
        && found
            .verified
            .as_ref()
            .is_none_or(|verified| verified.deviations.is_empty());
    if !nothing_found || stages(narrowed) {
        return Ok(());
    }
    let only_pipeline = Narrowed {
        stage: None,
        ..narrowed.clone()
    };
    let (what, name, names): (_, _, Vec<&str>) = match (&asked.pipeline, &asked.to) {
        (Some(pipeline), _) if !stages(&only_pipeline) => {
            let names = catalog.pipelines.iter();
            let names = names.map(|pipeline| pipeline.name.as_str()).collect();
            ("pipeline", pipeline, names)
        }
        (_, Some(stage)) => {
            let stages = catalog.pipelines.iter().flat_map(|one| &one.stages);
            let names = stages.map(|stage| stage.name.as_str()).collect();
            ("stage", stage, names)
        }
        _ => return Ok(()),
    };
    let failure = Failure::usage(format!(
        "there is no {what} {name}, and the history that was read does not mention one"
    ));
    let plain = name.rsplit('/').next().unwrap_or(name);
    Err(match nearest(plain, names).first() {
        Some(near) => failure.hint(format!("did you mean {near}?")),
        None => failure,
    })
}

fn exit(found: &PastLandings) -> Exit {
    let deviates = found
        .verified
        .as_ref()
        .is_some_and(|verified| !verified.deviations.is_empty());
    let cut = found.verified.is_some() && found.boundary.is_some();
    match (deviates, cut || !found.unread.is_empty()) {
        (true, _) => Exit::Blocked,
        (false, true) => Exit::Failed,
        (false, false) => Exit::Done,
    }
}
