//! The manifests of a commit or folder: reading them, and looking references up among them.
//!
//! Bytes in, [`Catalog`](crate::model::catalog::Catalog) out. Where the bytes come from (git, a folder, an API) is
//! not known here, and neither is what a promotion does with them.

#[cfg(test)]
mod cost;
mod difference;
mod encoding;
mod guard;
mod identity;
mod load;
mod manifests;
mod origin;
mod raw;
mod read;
mod resolve;
mod shape;
mod template;

pub use difference::{ChangedManifest, Difference, Namer, SetValue};
pub use guard::{Version, changed_file, may_matter};
pub use identity::RepositoryIdentity;
pub use load::{SourceFile, load, load_with_links, wants_file};
pub use read::{FileManifests, read_file};
pub use resolve::{Resolver, resolve_pipelines};
pub use shape::same_shape;
