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
            "1 document that may hold manifests was passed over, since it is not plain YAML: {named}"
        )),
        number => Some(format!(
            "{number} documents that may hold manifests were passed over, since they are not plain YAML: {named}"
        )),
    }
}
