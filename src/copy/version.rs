//! Texts that name one thing and no other: full commit ids, exact chart versions.

use crate::model::ids::CommitId;
use crate::model::version::Version;

/// Whether a text is a full commit ID (40 or 64 hexadecimal digits).
pub(crate) fn is_full_id(text: &str) -> bool {
    text.parse::<CommitId>().is_ok()
}

/// In an unknown repository, `v1.2` or `2024-01` counts as a tag, everything else as a branch.
pub(crate) fn looks_like_tag(text: &str) -> bool {
    text.strip_prefix('v')
        .unwrap_or(text)
        .starts_with(|c: char| c.is_ascii_digit())
}

/// Whether a chart version is exact: a whole semantic version, with or without a leading `v`. Everything else (`6.5.x`,
/// `*`, `>= 6`, `~6.5`, `6.5`) may resolve to another chart tomorrow.
pub(crate) fn is_exact_version(text: &str) -> bool {
    Version::parse(text).is_some()
}
