//! Documents that may hold manifests but were passed over, in one line.

use super::evaluate::Evaluation;
use crate::model::few::few;

/// One line that counts the documents that are not plain YAML; `None` if there are none. What is an error has its own
/// finding.
pub(crate) fn passed_over(evaluation: &Evaluation) -> Option<String> {
    let passed_over = evaluation.catalog.passed_over();
    let places: Vec<String> = passed_over
        .iter()
        .map(|unread| format!("{}:{}", unread.file, unread.at.line))
        .collect();
    let named = few(&places, ", ");
    match places.len() {
        0 => None,
        1 => Some(format!(
            "1 document that may contain manifests was passed over, because it is not plain YAML: {named}"
        )),
        number => Some(format!(
            "{number} documents that may contain manifests were passed over, because they are not plain YAML: {named}"
        )),
    }
}
