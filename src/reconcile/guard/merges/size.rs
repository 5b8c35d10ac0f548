//! When a pull request is too large to judge.

/// At most this many YAML nodes are parsed for one pull request, with aliases expanded.
pub(crate) const MAX_NODES: usize = 1_000_000;

pub(crate) const REMEDY: &str = "split it, or ask an admin to merge it";

/// The status description of a pull request with too many nodes.
pub(crate) fn too_many_nodes() -> String {
    format!(
        "too large to judge: its manifest files have more than {MAX_NODES} YAML nodes after alias expansion: {REMEDY}"
    )
}
