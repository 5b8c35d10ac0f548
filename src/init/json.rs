//! The proposal as one JSON document.

use serde_json::{Value, json};

use super::proposal::{End, Proposal};
use crate::model::finding::Finding;
use crate::report::json as report;

/// The document. `written`: the files were saved.
pub(crate) fn document(proposal: &Proposal, written: bool, findings: &[Finding]) -> String {
    let files: Vec<Value> = proposal
        .files
        .iter()
        .map(|file| json!({ "path": file.path, "content": file.content, "exists": file.exists }))
        .collect();
    let end = |end: &End| {
        json!({
            "stage": end.stage, "service": end.service, "namespace": end.namespace,
            "file": end.place.file, "line": end.place.line,
        })
    };
    let pairs: Vec<Value> = proposal
        .pairs
        .iter()
        .map(|pair| {
            json!({
                "name": pair.name, "pipeline": pair.pipeline, "from": end(&pair.from), "to": end(&pair.to),
            })
        })
        .collect();
    let unpaired: Vec<Value> = proposal
        .unpaired
        .iter()
        .map(|left| {
            json!({
                "service": left.service, "namespace": left.namespace,
                "file": left.place.file, "line": left.place.line, "why": left.why,
            })
        })
        .collect();
    let drafts: Vec<Value> = proposal
        .drafts
        .iter()
        .map(|draft| {
            json!({
                "file": draft.file, "line": draft.line, "what": draft.what, "text": draft.text,
                "fields": draft.fields, "notes": draft.notes,
            })
        })
        .collect();
    report::document(&json!({
        "version": report::VERSION,
        "files": files,
        "written": written,
        "pairs": pairs,
        "unpaired": unpaired,
        "drafts": drafts,
        "notes": proposal.notes,
        "findings": report::findings(findings),
    }))
}
