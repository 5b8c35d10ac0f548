//! Services that no proposed pipeline has, and why.

use crate::model::service::Service;
use crate::model::source_location::SourceLocation;

/// A service that no proposed pipeline has.
#[derive(Clone, Debug)]
pub(crate) struct Unpaired {
    /// `metadata.name`.
    pub service: String,
    /// Its namespace.
    pub namespace: Option<String>,
    /// The position at which its manifest begins.
    pub place: SourceLocation,
    /// What kind of reason it is.
    pub kind: Why,
    /// The reason in plain words.
    pub why: String,
}

/// Why a service is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Why {
    /// Several could be meant, or what is read contradicts itself.
    Ambiguous,
    /// A promotion would be refused.
    Differs,
    /// There is nothing to pair it with.
    Alone,
    /// It is already in a pipeline.
    InPipeline,
    /// It names no environment.
    NoEnvironment,
}

impl Unpaired {
    pub(super) fn of(service: &Service, kind: Why, why: String) -> Self {
        Self {
            service: service.key.name.clone(),
            namespace: service.key.namespace.clone(),
            place: service.place(service.at),
            kind,
            why,
        }
    }
}
