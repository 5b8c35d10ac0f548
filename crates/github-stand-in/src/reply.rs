//! What a handler gives back: an answer or a refusal, before paging, rate-limit headers and ETags are put around it.

use serde_json::{Map, Value, json};

/// What a route answers.
pub type Outcome = Result<Answer, Refusal>;

/// A body that the outer layer still has to page and print.
pub enum Body {
    /// One JSON document.
    Json(Value),
    /// A list that is cut into pages with a `Link` header.
    List(Vec<Value>),
    /// A list inside an object: `{total_count, <key>: [...]}` plus the extra members.
    Wrapped(&'static str, Vec<Value>, Map<String, Value>),
    /// Not JSON (raw contents, a diff).
    Raw(&'static str, Vec<u8>),
    /// No body at all (204, 304).
    Empty,
}

/// A successful answer.
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Its body.
    pub body: Body,
}

impl Answer {
    /// 200 with a JSON document.
    pub fn ok(body: Value) -> Outcome {
        Ok(Self {
            status: 200,
            body: Body::Json(body),
        })
    }

    /// 201 with a JSON document.
    pub fn created(body: Value) -> Outcome {
        Ok(Self {
            status: 201,
            body: Body::Json(body),
        })
    }

    /// 204.
    pub fn empty() -> Outcome {
        Ok(Self {
            status: 204,
            body: Body::Empty,
        })
    }

    /// 200 with a paged list.
    pub fn list(items: Vec<Value>) -> Outcome {
        Ok(Self {
            status: 200,
            body: Body::List(items),
        })
    }

    /// 200 with a paged list inside an object.
    pub fn wrapped(key: &'static str, items: Vec<Value>) -> Outcome {
        Ok(Self {
            status: 200,
            body: Body::Wrapped(key, items, Map::new()),
        })
    }
}

/// GitHub says no.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// The `message` member.
    pub message: String,
    /// The `errors` member, if there is one.
    pub errors: Option<Value>,
    /// The `type` that GraphQL gives this refusal.
    pub kind: &'static str,
}

impl Refusal {
    fn new(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            errors: None,
            kind,
        }
    }

    /// 401.
    pub fn unauthorized(message: &str) -> Self {
        Self::new(401, "FORBIDDEN", message)
    }

    /// 403.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(403, "FORBIDDEN", message)
    }

    /// 404: it is not there, or you may not know that it is.
    pub fn not_found() -> Self {
        Self::new(404, "NOT_FOUND", "Not Found")
    }

    /// 405: how `PUT merge` says no.
    pub fn not_allowed(message: impl Into<String>) -> Self {
        Self::new(405, "UNPROCESSABLE", message)
    }

    /// 409.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(409, "UNPROCESSABLE", message)
    }

    /// 422 with a plain message.
    pub fn unprocessable(message: impl Into<String>) -> Self {
        Self::new(422, "UNPROCESSABLE", message)
    }

    /// 422 "Validation Failed" with one entry.
    pub fn invalid(resource: &str, field: &str, code: &str) -> Self {
        let mut refusal = Self::unprocessable("Validation Failed");
        refusal.errors = Some(json!([{"resource": resource, "field": field, "code": code}]));
        refusal
    }

    /// 422 "Validation Failed" with one entry that has a text.
    pub fn custom(resource: &str, message: impl Into<String>) -> Self {
        let mut refusal = Self::unprocessable("Validation Failed");
        refusal.errors =
            Some(json!([{"resource": resource, "code": "custom", "message": message.into()}]));
        refusal
    }

    /// 422 "Unprocessable Entity" with texts, as the review routes answer.
    pub fn entity(message: impl Into<String>) -> Self {
        let mut refusal = Self::unprocessable("Unprocessable Entity");
        refusal.errors = Some(json!([message.into()]));
        refusal
    }

    /// The most informative text: that of the first error entry, otherwise the message.
    pub fn text(&self) -> String {
        let first = self.errors.as_ref().and_then(|errors| errors.get(0));
        match first {
            Some(Value::String(text)) => text.clone(),
            Some(entry) if entry["message"].is_string() => {
                entry["message"].as_str().unwrap_or_default().to_owned()
            }
            _ => self.message.clone(),
        }
    }

    /// The JSON body.
    pub fn body(&self) -> Value {
        let mut body = json!({
            "message": self.message,
            "documentation_url": "https://docs.github.com/rest",
            "status": self.status.to_string(),
        });
        if let Some(errors) = &self.errors {
            body["errors"] = errors.clone();
        }
        body
    }
}
