//! Leaves of GraphQL: scalars and enums, in variables and in answers alike.

use apollo_compiler::Schema;
use apollo_compiler::schema::{ExtendedType, Name};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::schema::has_format;

/// What is wrong with a leaf, as text; `None` if it is right, or if `ty` is not a leaf type.
pub fn leaf(schema: &Schema, ty: &str, value: &Value) -> Option<String> {
    let text = value.as_str();
    let hex = |text: &str| {
        [40, 64].contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    if let Some(ExtendedType::Enum(of)) = schema.types.get(ty) {
        if text.is_some_and(|text| of.values.contains_key(text)) {
            return None;
        }
        let values: Vec<&str> = of.values.keys().map(Name::as_str).collect();
        return Some(format!("one of {}", values.join(", ")));
    }
    let (right, expected) = match ty {
        "Int" => (
            value
                .as_i64()
                .is_some_and(|number| i32::try_from(number).is_ok()),
            "a whole number of 32 bits",
        ),
        "Float" => (value.is_number(), "a number"),
        "Boolean" => (value.is_boolean(), "true or false"),
        "DateTime" | "PreciseDateTime" | "GitTimestamp" => (
            text.is_some_and(|text| has_format("date-time", text)),
            "a time by RFC 3339",
        ),
        "Date" => (text.is_some_and(|text| has_format("date", text)), "a date"),
        "URI" => (
            text.is_some_and(|text| text.starts_with('/') || has_format("uri", text)),
            "a URI or a path",
        ),
        "GitObjectID" => (text.is_some_and(hex), "40 or 64 hexadecimal digits"),
        "BigInt" => (
            text.is_some_and(|text| text.parse::<i128>().is_ok()),
            "a whole number as text",
        ),
        "Base64String" => (
            text.is_some_and(|text| STANDARD.decode(text).is_ok()),
            "base64",
        ),
        _ => (text.is_some(), "a text"),
    };
    (!right).then(|| expected.to_owned())
}
