//! The JSON Schema of the policy.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::transform_subschemas;
use serde_json::Value;

use crate::model::policy::Policy;

/// Descriptions of strings that are parsed by hand, for their definitions in the schema.
pub(super) const TEXTS: &[(&str, &str)] = &[
    (
        "Wait",
        "A length of time such as `30m`, `4h`, `90d` or `1h30m`. A day is always 24 hours.",
    ),
    (
        "Hours",
        "Days and times such as `Mon-Thu 09:00-17:00` or `Sat,Sun 22:00-06:00`. The whole day is `00:00-24:00`.",
    ),
    (
        "Zone",
        "An IANA time zone such as `Europe/Berlin` or `UTC`.",
    ),
    (
        "Civil",
        "A time without an offset, such as `2026-12-19T18:00`, in the time zone that `zone` names.",
    ),
    (
        "Instant",
        "A time with its offset (RFC 3339), such as `2026-12-19T18:00:00+01:00`.",
    ),
];

/// [`Hours`](crate::model::policy::Hours), as far as a pattern can express it.
pub(super) const HOURS: &str = "^[A-Za-z]{3}(-[A-Za-z]{3})?(,[A-Za-z]{3}(-[A-Za-z]{3})?)* +[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}$";

/// The JSON Schema (draft 2020-12) of the policy, for editors.
pub fn schema() -> serde_json::Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.transforms.push(Box::new(not_nothing));
    let mut schema = settings.into_generator().into_root_schema_for::<Policy>();
    schema.insert(
        "title".to_owned(),
        "Sluice policy (.github/sluice.yaml)".into(),
    );
    let mut schema = schema.to_value();
    for (name, about) in TEXTS {
        if let Some(definition) = schema.pointer_mut(&format!("/$defs/{name}")) {
            definition["description"] = Value::from(*about);
        }
    }
    if let Some(hours) = schema.pointer_mut("/$defs/Hours") {
        hours["pattern"] = Value::from(HOURS);
    }
    schema
}

/// Removes `null` from optional fields: an editor need not offer `soak:` without a value.
pub(super) fn not_nothing(schema: &mut Schema) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [one] = types.as_slice() {
            let one = one.clone();
            schema.insert("type".to_owned(), one);
        }
    }
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
    if let Some(Value::Array(forms)) = schema.get_mut("anyOf") {
        forms.retain(|form| form.get("type").is_none_or(|kind| kind != "null"));
        if let [Value::Object(one)] = forms.as_slice() {
            let one = one.clone();
            schema.remove("anyOf");
            for (key, value) in one {
                schema.ensure_object().entry(key).or_insert(value);
            }
        }
    }
    transform_subschemas(&mut not_nothing, schema);
}
