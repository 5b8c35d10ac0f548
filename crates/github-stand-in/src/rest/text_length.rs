//! GitHub's limits on texts.

use super::super::reply::Refusal;
use serde_json::json;

/// GitHub's limits on what people read: 256 characters of a title, 65,536 of a body or comment.
pub fn check_length(resource: &str, field: &str, text: &str) -> Result<(), Refusal> {
    let most = if field == "title" { 256 } else { 65_536 };
    if text.chars().count() <= most {
        return Ok(());
    }
    let text = format!("{field} is too long (maximum is {most} characters)");
    let mut refusal = Refusal::custom(resource, text);
    if let Some(errors) = &mut refusal.errors {
        errors[0]["field"] = json!(field);
    }
    Err(refusal)
}
