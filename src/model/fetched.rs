//! What was fetched, or why it could not be.

/// Something that was looked up, or why it could not be.
pub(crate) type Fetched<T> = Result<T, String>;
