//! Texts that name one thing and no other: full commit ids, exact chart versions.

use crate::model::ids::CommitId;

/// Whether a text is a full commit id (40 or 64 hexadecimal digits).
pub fn is_full_id(text: &str) -> bool {
    text.parse::<CommitId>().is_ok()
}

/// Whether a chart version is exact: a whole semantic version, with or without a leading `v`. Everything else
/// (`6.5.x`, `*`, `>= 6`, `~6.5`, `6.5`) can stand for another chart tomorrow.
pub fn is_exact_version(text: &str) -> bool {
    let text = text.strip_prefix('v').unwrap_or(text);
    let (text, build) = text
        .split_once('+')
        .map_or((text, None), |(version, build)| (version, Some(build)));
    let (core, pre) = text
        .split_once('-')
        .map_or((text, None), |(core, pre)| (core, Some(pre)));
    let identifiers = |text: &str| {
        text.split('.').all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
    };
    let numbers: Vec<&str> = core.split('.').collect();
    numbers.len() == 3
        && numbers
            .iter()
            .all(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
        && pre.is_none_or(identifiers)
        && build.is_none_or(identifiers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_version_is_a_whole_semantic_version() {
        for exact in [
            "6.5.3",
            "v1.0.0",
            "1.2.3-rc.1",
            "1.2.3+build.5",
            "1.2.3-x-y.z+1",
        ] {
            assert!(is_exact_version(exact), "{exact}");
        }
        for range in [
            "",
            "6",
            "6.5",
            "6.5.x",
            "6.5.X",
            "x",
            "*",
            "6.*",
            ">=6.5.3",
            "~6.5.3",
            "^6.5.3",
            "6.5.3 - 6.5.4",
            "6.5.3 || 7.0.0",
            "latest",
            "6.5.3-",
            "6.5.3+",
            "=6.5.3",
            "1.2.3.4",
        ] {
            assert!(!is_exact_version(range), "{range}");
        }
    }
}
