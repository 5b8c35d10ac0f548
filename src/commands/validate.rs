//! `validate`: checks the files on disk, and fixes them on request.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use super::call::Call;
use super::output::Output;
use crate::error::{Exit, Failure};
use crate::evaluation::evaluate::Evaluation;
use crate::evaluation::repository_state::{ReadFrom, RepositoryState};
use crate::model::finding::{Finding, Severity};
use crate::model::source_location::RepoPath;
use crate::model::text::counted;
use crate::report::escape::terminal;
use crate::report::findings;
use crate::report::json;
use crate::yaml::{Edit, edit};

/// A file that was fixed.
struct Fixed {
    file: RepoPath,
    codes: Vec<&'static str>,
}

/// Checks the files on disk; `fix` first writes what can be fixed.
pub(super) fn run(call: &Call, fix: bool) -> Result<Output, Failure> {
    let mut repository = call.open(ReadFrom::Disk)?;
    let mut evaluation = Evaluation::of(&repository, call.now, false)?;
    let mut fixed = Vec::new();
    if fix && repository.policy_finding.is_some() {
        return Err(Failure::new(
            Exit::Invalid,
            "the policy cannot be read, and the fixes depend on it",
        )
        .hint("fix the policy first: sluice validate shows where; nothing was written"));
    }
    if fix {
        fixed = write_fixes(&repository, &evaluation.findings)?;
        repository = call.open(ReadFrom::Disk)?;
        evaluation = Evaluation::of(&repository, call.now, false)?;
    }
    let error = evaluation
        .findings
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    let mut notices: Vec<String> = repository.notices.clone();
    notices.extend(crate::evaluation::passed_over::passed_over(&evaluation));
    if evaluation.catalog.pipelines.is_empty() {
        notices.push("There is no Pipeline here.".to_owned());
    }
    let exit = if error { Exit::Invalid } else { Exit::Done };
    if call.json() {
        let fixed: Vec<_> = fixed
            .iter()
            .map(|fixed| serde_json::json!({ "file": fixed.file, "codes": fixed.codes }))
            .collect();
        let document = serde_json::json!({
            "version": json::VERSION,
            "files": evaluation.catalog.files.len(),
            "pipelines": evaluation.catalog.pipelines.len(),
            "services": evaluation.catalog.services.len(),
            "fixed": fixed,
            "findings": json::findings(&evaluation.findings),
            "passed_over": json::passed_over(&evaluation.catalog),
        });
        return Ok(Output {
            text: json::document(&document),
            notices,
            exit,
        });
    }
    let mut text = String::new();
    for fixed in &fixed {
        let _ = writeln!(
            text,
            "fixed {}: {}",
            terminal(fixed.file.as_str()),
            fixed.codes.join(", ")
        );
    }
    if !fixed.is_empty() {
        text.push('\n');
    }
    text.push_str(&findings::text(&evaluation.findings, call.style));
    for notice in notices {
        let _ = writeln!(text, "{}", call.style.dim(&terminal(&notice)));
    }
    let fixable = evaluation
        .findings
        .iter()
        .filter(|finding| finding.fix.is_some())
        .count();
    let hint = if fixable > 0 && !fix {
        format!(
            " {fixable} can be fixed by {}",
            repository.again.within("sluice validate --fix")
        )
    } else {
        String::new()
    };
    let _ = writeln!(
        text,
        "{}, {}, {}: {}.{hint}",
        counted(evaluation.catalog.files.len(), "file"),
        counted(evaluation.catalog.pipelines.len(), "pipeline"),
        counted(evaluation.catalog.services.len(), "service"),
        findings::count(&evaluation.findings)
    );
    Ok(Output {
        text,
        notices: Vec::new(),
        exit,
    })
}

/// Applies all fixes, file by file: each file is written as a whole or not at all.
fn write_fixes(repository: &RepositoryState, findings: &[Finding]) -> Result<Vec<Fixed>, Failure> {
    let mut by_file: BTreeMap<RepoPath, (Vec<Edit>, Vec<&'static str>)> = BTreeMap::new();
    for finding in findings {
        let Some(fix) = &finding.fix else { continue };
        let (edits, codes) = by_file.entry(fix.file.clone()).or_default();
        for edit in &fix.edits {
            // Two pipelines may name the same target: the same edit is made only once.
            if !edits
                .iter()
                .any(|known| known.object == edit.object && known.path == edit.path)
            {
                edits.push(edit.clone());
            }
        }
        if !codes.contains(&finding.code) {
            codes.push(finding.code);
        }
    }
    // All contents are computed before anything is written.
    let mut ready = Vec::new();
    for (file, (edits, codes)) in by_file {
        if let Some(why) = file.refusal_to_write() {
            return Err(Failure::new(
                Exit::Blocked,
                format!("{file} is never written to: {why}"),
            ));
        }
        let before = repository.bytes(&file).unwrap_or_default();
        let edited = edit::apply(&before, &edits).map_err(|refused| {
            Failure::new(Exit::Blocked, format!("{file} cannot be fixed: {refused}"))
        })?;
        ready.push((file, codes, before, edited.bytes));
    }
    let mut fixed = Vec::new();
    for (file, codes, before, after) in ready {
        replace(&repository.root.join(file.as_str()), &before, &after)?;
        fixed.push(Fixed { file, codes });
    }
    Ok(fixed)
}

/// Replaces a file atomically, if it still has the content that was read.
fn replace(path: &Path, before: &[u8], after: &[u8]) -> Result<(), Failure> {
    let failed =
        |error: std::io::Error| Failure::new(Exit::Failed, format!("{}: {error}", path.display()));
    let kind = fs::symlink_metadata(path).map_err(failed)?;
    if !kind.is_file() || fs::read(path).map_err(failed)? != before {
        return Err(Failure::new(
            Exit::Blocked,
            format!("{} changed while it was being fixed", path.display()),
        )
        .hint("run it again"));
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let beside = folder.join(format!(".{name}.sluice-{}", std::process::id()));
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&beside)
        .map_err(failed)?;
    let mut write = || -> std::io::Result<()> {
        file.write_all(after)?;
        file.set_permissions(kind.permissions())?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().map_err(|error| {
        let _ = fs::remove_file(&beside);
        failed(error)
    })
}
