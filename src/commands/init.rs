//! `init`: proposes pipelines, policy and workflow for what is on disk, and writes them on request.

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::call::Call;
use super::output::Output;
use crate::catalog::{SourceFile, load, resolve_pipelines, wants_file};
use crate::error::{Exit, Failure};
use crate::evaluation::evaluate::Evaluation;
use crate::evaluation::repository_state::{ReadFrom, RepositoryState};
use crate::init::sources::Sources;
use crate::init::text::{Around, text};
use crate::init::{End, Input, NewFile, POLICY_PATH, Proposal, json, lines, propose};
use crate::model::catalog::Catalog;
use crate::model::finding::{Finding, Severity};
use crate::model::service::Service;
use crate::model::source_location::{RepoPath, SourceLocation};
use crate::policy;
use crate::repo::Repo;

/// Proposes the missing files; `save` also writes them.
pub(super) fn run(call: &Call, save: bool) -> Result<Output, Failure> {
    let mut repository = call.open(ReadFrom::Disk)?;
    if let Some(finding) = &repository.policy_finding {
        return Err(Failure::new(
            Exit::Invalid,
            format!(
                "the policy cannot be read: {}: {}",
                finding.place, finding.message
            ),
        )
        .hint("fix it first: the proposal depends on it"));
    }
    if repository.inside_repository && save {
        return Err(Failure::usage(
            "this folder is inside a git repository but not its top, and GitHub reads .github only at the top",
        )
        .hint("run it at the top of the repository"));
    }
    let branch = match &repository.repo {
        Some(repo) => repo.default_branch()?,
        None => None,
    };
    let before = (repository.files.clone(), repository.policy.clone());
    let mut left_out = BTreeMap::new();
    // What keeps a pair from being proposed is known only once its references are resolved; then the others are
    // proposed without it.
    let (proposal, findings, services, pipelines) = loop {
        let (proposal, services, pipelines) = proposed(&repository, branch.as_deref(), &left_out)?;
        let (findings, astray) = prove(&mut repository, call, &proposal)?;
        if astray.is_empty() {
            break (proposal, findings, services, pipelines);
        }
        left_out.extend(astray);
        (repository.files, repository.policy) = before.clone();
    };
    if save {
        if let Some(finding) = findings.first() {
            return Err(Failure::new(
                Exit::Invalid,
                format!("{}: {}", finding.place, finding.message),
            )
            .hint("nothing was written; without --write all problems are shown"));
        }
        write(&repository.root, &proposal.files)?;
    }
    let exit = if findings.is_empty() {
        Exit::Done
    } else {
        Exit::Invalid
    };
    let text = if call.json() {
        json::document(&proposal, save, &findings)
    } else {
        text(
            &proposal,
            &Around {
                heading: repository.heading(),
                services,
                pipelines,
                findings: &findings,
                written: save,
                next: ["sluice validate", "sluice plan"].map(|next| call.again.within(next)),
                style: call.style,
            },
        )
    };
    Ok(Output {
        text,
        notices: Vec::new(),
        exit,
    })
}

/// What is proposed without these services, and how many services and pipelines there are.
fn proposed(
    repository: &RepositoryState,
    branch: Option<&str>,
    left_out: &BTreeMap<SourceLocation, String>,
) -> Result<(Proposal, usize, usize), Failure> {
    let catalog = load(&repository.files, &repository.policy);
    let resolved = resolve_pipelines(&catalog, &repository.here);
    let sources = sources(repository);
    let has_policy = there(&repository.root, POLICY_PATH)?;
    let mut proposal = propose(&Input {
        catalog: &catalog,
        resolved: &resolved,
        here: &repository.here,
        sources: &sources,
        folder: &repository.name(),
        policy: has_policy.then_some(&repository.policy),
        workflow: has_workflow(&repository.root)?,
        branch,
        left_out,
    });
    if repository.inside_repository {
        proposal.notes.push(
            "This folder is inside a git repository but not its top: run it at the top, because GitHub reads .github only there."
                .to_owned(),
        );
    }
    for file in &mut proposal.files {
        file.exists = there(&repository.root, file.path.as_str())?;
        let path = file.path.as_str();
        if !path.starts_with(".github/") && !wants_file(path, &repository.policy) {
            proposal.notes.push(format!(
                "`manifests.exclude` in the policy excludes {}: move the file, or remove it from the list.",
                file.path
            ));
        }
    }
    Ok((proposal, catalog.services.len(), catalog.pipelines.len()))
}

/// The files that may hold manifests of ours, parsed.
fn sources(repository: &RepositoryState) -> Sources {
    let ours = repository
        .files
        .iter()
        .filter(|file| memchr::memmem::find(&file.bytes, b"deployments.plural.sh").is_some());
    Sources::of(ours.map(|file| (&file.path, &*file.bytes)))
}

/// Services that a proposed reference would not lead to, by their place, with the reason.
type Astray = BTreeMap<SourceLocation, String>;

/// Evaluates the repository with the proposed files added. Returns the errors that there would be, in the manifests or in
/// the proposal, and the references that would not lead to what is meant. The files and policy of `repository` stay
/// changed.
fn prove(
    repository: &mut RepositoryState,
    call: &Call,
    proposal: &Proposal,
) -> Result<(Vec<Finding>, Astray), Failure> {
    let mut proposed: Vec<&RepoPath> = Vec::new();
    for file in &proposal.files {
        let bytes = file.content.as_bytes();
        if file.path.as_str() == POLICY_PATH {
            repository.policy =
                policy::parse(&repository.policy_file, bytes).map_err(|finding| {
                    Failure::new(
                        Exit::Failed,
                        format!("the proposed policy is wrong: {}", finding.message),
                    )
                })?;
        }
    }
    for file in &proposal.files {
        // An existing file is not overwritten, so the proposed content does not matter.
        if file.exists || !wants_file(file.path.as_str(), &repository.policy) {
            continue;
        }
        let bytes = file.content.as_bytes().to_vec();
        repository.files.push(SourceFile {
            path: file.path.clone(),
            blob: Repo::hash_blob(&bytes)?,
            bytes,
        });
        proposed.push(&file.path);
    }
    repository.files.sort_by(|a, b| a.path.cmp(&b.path));
    let evaluation = Evaluation::of(repository, call.now, false)?;
    let catalog = &evaluation.catalog;
    let astray = led_astray(&evaluation, proposal);
    let ours: Vec<_> = catalog
        .pipeline_ids()
        .filter(|id| proposed.contains(&&catalog.pipeline(*id).file))
        .collect();
    let findings = evaluation.findings.iter().filter(|finding| {
        finding.severity == Severity::Error
            && (finding.code == "manifest-unreadable"
                || proposed.contains(&&finding.place.file)
                || ours.iter().any(|id| finding.stops.stops(*id)))
    });
    Ok((findings.cloned().collect(), astray))
}

/// The services that the references of the proposal would not lead to, with the reason.
fn led_astray(evaluation: &Evaluation, proposal: &Proposal) -> Astray {
    let catalog = &evaluation.catalog;
    let mut astray = Astray::new();
    for pair in &proposal.pairs {
        for id in catalog.pipelines_named(&pair.pipeline) {
            let pipeline = catalog.pipeline(id);
            let looked_up = &evaluation.resolved[id.0].stages;
            let found = pipeline.stages.iter().zip(looked_up).any(|(stage, found)| {
                let mut services = found.services.iter();
                stage.name.as_str() == pair.to.stage
                    && services.any(|entry| {
                        let place = |id| {
                            let service = catalog.service(id);
                            service.place(service.at)
                        };
                        let source = entry.source.as_ref().and_then(|source| source.found());
                        entry.service.found().map(place) == Some(pair.to.place.clone())
                            && source.map(place) == Some(pair.from.place.clone())
                    })
            });
            if found {
                continue;
            }
            let before = astray.len();
            for end in [&pair.from, &pair.to] {
                astray.extend(in_each_others_way(catalog, end));
            }
            if astray.len() == before {
                let why = format!(
                    "a Pipeline would have no edge from {} to it",
                    shown(&pair.from.place)
                );
                astray.insert(pair.to.place.clone(), why);
            }
        }
    }
    astray
}

/// All manifests that a reference to this one may mean, since none of them is chosen; empty if there is only one.
fn in_each_others_way(catalog: &Catalog, end: &End) -> Astray {
    let may_be_meant = |service: &&Service| {
        let namespace = service.key.namespace.as_deref();
        let wanted = end.namespace.as_deref();
        service.key.name == end.service
            && (namespace.is_none() || wanted.is_none() || namespace == wanted)
    };
    let all: Vec<&Service> = catalog.services.iter().filter(may_be_meant).collect();
    if all.len() < 2 {
        return Astray::new();
    }
    let why = |place: &SourceLocation| {
        let others = all.iter().filter(|other| other.place(other.at) != *place);
        format!(
            "a reference to it may also mean {}: give it a unique name or namespace",
            lines(others.copied())
        )
    };
    let places = all.iter().map(|service| service.place(service.at));
    places.map(|place| (place.clone(), why(&place))).collect()
}

fn shown(place: &SourceLocation) -> String {
    format!("{}:{}", place.file, place.line)
}

/// Whether there is anything at this path; links are not followed.
fn there(root: &Path, path: &str) -> Result<bool, Failure> {
    match fs::symlink_metadata(root.join(path)) {
        Ok(_) => Ok(true),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(false)
        }
        Err(error) => Err(Failure::new(Exit::Failed, format!("{path}: {error}"))),
    }
}

/// Whether a workflow runs Sluice already, by its file name or its `uses:`.
fn has_workflow(root: &Path) -> Result<bool, Failure> {
    let folder = root.join(".github/workflows");
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(false);
        }
        Err(error) => {
            return Err(Failure::new(
                Exit::Failed,
                format!("{}: {error}", folder.display()),
            ));
        }
    };
    for entry in entries {
        let path = entry?.path();
        let is = |name: &str| path.file_name().is_some_and(|own| own == name);
        if is("sluice.yml") || is("sluice.yaml") {
            return Ok(true);
        }
        let yaml = path
            .extension()
            .is_some_and(|ending| ending == "yml" || ending == "yaml");
        if yaml && path.is_file() {
            let bytes = fs::read(&path)?;
            if memchr::memmem::find(&bytes, b"/sluice@").is_some() {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Writes all files or none: everything is checked before anything is written, and nothing is ever overwritten.
fn write(root: &Path, files: &[NewFile]) -> Result<(), Failure> {
    for file in files {
        if file.exists {
            return Err(Failure::new(
                Exit::Blocked,
                format!("{} already exists, and is not overwritten", file.path),
            )
            .hint("nothing was written; move it away, or copy what sluice init prints by hand"));
        }
        for (at, _) in file.path.as_str().match_indices('/') {
            let folder = &file.path.as_str()[..at];
            let is_folder = match fs::symlink_metadata(root.join(folder)) {
                Ok(found) => found.is_dir(),
                Err(error) => error.kind() == ErrorKind::NotFound,
            };
            if !is_folder {
                return Err(Failure::new(
                    Exit::Blocked,
                    format!("{folder} is not a folder, so {} cannot go there", file.path),
                )
                .hint("nothing was written; links are not followed"));
            }
        }
    }
    let mut written = Vec::new();
    for file in files {
        let path = root.join(file.path.as_str());
        if let Err(error) = create(&path, file.content.as_bytes(), &mut written) {
            // These files were created just now, so they may be removed.
            for path in &written {
                let _ = fs::remove_file(path);
            }
            return Err(
                Failure::new(Exit::Failed, format!("{}: {error}", path.display()))
                    .hint("no file was left behind"),
            );
        }
    }
    Ok(())
}

fn create(path: &Path, bytes: &[u8], written: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)?;
    written.push(path.to_owned());
    file.write_all(bytes)?;
    file.sync_all()
}
