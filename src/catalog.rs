//! The manifests of a commit or folder: reading them, and looking references up among them.
//!
//! Bytes in, [`Catalog`](crate::model::catalog::Catalog) out. It is not known here where the bytes come from (git, a
//! folder, an API), or what a promotion does with them.

#[cfg(test)]
mod cost;
mod difference;
mod encoding;
mod fields;
mod guard;
mod identity;
mod load;
mod manifests;
mod origin;
mod pipeline_spec;
mod raw;
mod read;
mod resolve;
mod shape;
mod template;

pub(crate) use difference::ChangedManifest;
pub use difference::Difference;
pub(crate) use difference::Namer;
pub(crate) use difference::SetValue;
pub use guard::Version;
pub use guard::changed_file;
pub(crate) use guard::may_matter;
pub use identity::RepositoryIdentity;
pub use load::SourceFile;
pub use load::load;
pub(crate) use load::load_with_links;
pub(crate) use load::wants_file;
pub(crate) use read::FileManifests;
pub(crate) use read::read_file;
pub(crate) use resolve::Resolver;
pub use resolve::resolve_pipelines;
pub use shape::same_shape;
