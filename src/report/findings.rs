//! Findings as text.

use std::fmt::Write;

use super::escape::terminal;
use super::style::Style;
use crate::model::finding::{Finding, Severity};

/// Findings, one block each, errors and warnings in the order of their places.
pub fn text(findings: &[Finding], style: Style) -> String {
    let mut text = String::new();
    for finding in findings {
        let head = match finding.severity {
            Severity::Error => style.red(&format!("error[{}]", finding.code)),
            Severity::Warning => style.yellow(&format!("warning[{}]", finding.code)),
        };
        let _ = writeln!(text, "{head} {}", terminal(&finding.place.to_string()));
        let _ = writeln!(text, "  {}", terminal(&finding.message));
        if let Some(help) = &finding.help {
            let _ = writeln!(
                text,
                "  {}",
                style.dim(&format!("help: {}", terminal(help)))
            );
        }
        text.push('\n');
    }
    text
}

/// "2 errors, 1 warning", or "no findings".
pub fn count(findings: &[Finding]) -> String {
    let of = |severity| {
        findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count()
    };
    let parts: Vec<String> = [
        (of(Severity::Error), "error"),
        (of(Severity::Warning), "warning"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, word)| counted(number, word))
    .collect();
    if parts.is_empty() {
        "no findings".to_owned()
    } else {
        parts.join(", ")
    }
}

/// "1 file", "2 files".
pub fn counted(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}
