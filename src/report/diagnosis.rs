//! What `doctor` found, and what came of proving assumptions, as text and as JSON.

use std::fmt::Write;

use serde::Serialize;

use super::escape::terminal;
use super::json;
use super::style::{Style, pad};
use crate::model::assumption::{Proof, Proved};
use crate::model::diagnosis::{Diagnosis, Outcome};

/// Everything that was found, in its order: what is fine comes last, one line each.
pub fn text(found: &[Diagnosis], style: Style) -> String {
    let mut text = String::new();
    for one in found {
        if one.outcome == Outcome::Ok {
            continue;
        }
        let head = format!("{}[{}]", one.outcome.word(), one.code);
        let head = match one.outcome {
            Outcome::Change => style.red(&head),
            Outcome::Unread => style.yellow(&head),
            Outcome::Info | Outcome::Ok => style.bold(&head),
        };
        let _ = writeln!(text, "{head}\n  {}", terminal(&one.message));
        for (word, sentence) in [("why: ", &one.why), ("do:  ", &one.action)] {
            if let Some(sentence) = sentence {
                let line = format!("{word}{}", terminal(sentence));
                let _ = writeln!(text, "  {}", style.dim(&line));
            }
        }
        text.push('\n');
    }
    let fine = found.iter().filter(|one| one.outcome == Outcome::Ok);
    let width = fine.clone().map(|one| one.code.len()).max();
    if let Some(width) = width {
        let _ = writeln!(text, "{}", style.green("ok"));
        for one in fine {
            let _ = writeln!(
                text,
                "  {}  {}",
                pad(one.code, width),
                terminal(&one.message)
            );
        }
        text.push('\n');
    }
    text
}

/// How many things could not be read, as a sentence; `None` if everything was read.
pub fn unread(found: &[Diagnosis]) -> Option<String> {
    let count = found
        .iter()
        .filter(|one| one.outcome == Outcome::Unread)
        .count();
    match count {
        0 => None,
        1 => Some("1 thing could not be read; the line says where to look.".to_owned()),
        many => Some(format!(
            "{many} things could not be read; each line says where to look."
        )),
    }
}

#[derive(Serialize)]
struct DoctorJson<'a> {
    version: u32,
    repository: &'a str,
    base: &'a str,
    results: &'a [Diagnosis],
    end: &'a str,
    findings: [(); 0],
}

/// The document of `doctor`.
pub fn document(repository: &str, base: &str, results: &[Diagnosis], end: &str) -> String {
    json::document(&DoctorJson {
        version: json::VERSION,
        repository,
        base,
        results,
        end,
        findings: [],
    })
}

/// What came of each assumption.
pub fn proofs(proofs: &[Proof], style: Style) -> String {
    let width = proofs
        .iter()
        .map(|proof| proof.assumption.code.len())
        .max()
        .unwrap_or_default();
    let mut text = String::new();
    for proof in proofs {
        let word = pad(proof.proved.words(), Proved::DoesNotHold.words().len());
        let word = match proof.proved {
            Proved::Holds | Proved::Reported => style.green(&word),
            Proved::DoesNotHold => style.red(&word),
            Proved::Untold => style.yellow(&word),
        };
        let _ = writeln!(
            text,
            "{word}  {}  {}",
            pad(proof.assumption.code, width),
            proof.assumption.statement
        );
        let seen = format!("seen: {}", terminal(&proof.seen));
        let indent = Proved::DoesNotHold.words().len() + width + 4;
        let _ = writeln!(text, "{}{}", " ".repeat(indent), style.dim(&seen));
        if proof.proved == Proved::DoesNotHold {
            let then = format!("so:   {}", proof.assumption.if_wrong);
            let _ = writeln!(text, "{}{}", " ".repeat(indent), style.dim(&then));
        }
    }
    text
}

/// `21 hold, 1 does not hold, 3 were reported, 4 could not be determined.`
pub fn count(proofs: &[Proof]) -> String {
    let of = |proved| proofs.iter().filter(|proof| proof.proved == proved).count();
    let (holds, fails, reported, untold) = (
        of(Proved::Holds),
        of(Proved::DoesNotHold),
        of(Proved::Reported),
        of(Proved::Untold),
    );
    let verb = |count: usize| if count == 1 { "does" } else { "do" };
    format!(
        "{holds} hold, {fails} {} not hold, {reported} {} reported, {untold} could not be determined.",
        verb(fails),
        if reported == 1 { "was" } else { "were" }
    )
}

#[derive(Serialize)]
struct ProofJson<'a> {
    code: &'a str,
    statement: &'a str,
    proved: Proved,
    seen: &'a str,
}

#[derive(Serialize)]
struct LiveJson<'a> {
    version: u32,
    repository: &'a str,
    api: &'a str,
    assumptions: Vec<ProofJson<'a>>,
    left: &'a [String],
    end: &'a str,
    findings: [(); 0],
}

/// The document of `doctor --live`.
pub fn live_document(
    repository: &str,
    api: &str,
    proofs: &[Proof],
    left: &[String],
    end: &str,
) -> String {
    let assumptions = proofs.iter().map(|proof| ProofJson {
        code: proof.assumption.code,
        statement: proof.assumption.statement,
        proved: proof.proved,
        seen: &proof.seen,
    });
    json::document(&LiveJson {
        version: json::VERSION,
        repository,
        api,
        assumptions: assumptions.collect(),
        left,
        end,
        findings: [],
    })
}
