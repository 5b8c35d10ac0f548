//! Files with a YAML name that contain no YAML.

/// Why a file contains no YAML, and its text if it is only in another encoding.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoYaml {
    /// Why, in plain words.
    pub why: &'static str,
    /// The text; `None` if it is stored elsewhere.
    pub text: Option<String>,
}

/// Whether a file holds no YAML at all: a pointer to Git LFS, or UTF-16.
pub(super) fn no_yaml(bytes: &[u8]) -> Option<NoYaml> {
    if bytes.starts_with(b"version https://git-lfs.github.com/spec/") {
        return Some(NoYaml {
            why: "it is a Git LFS pointer, and the content is not here",
            text: None,
        });
    }
    Some(NoYaml {
        why: "it is written in UTF-16",
        text: Some(utf16(bytes)?),
    })
}

/// The text of a file in UTF-16, by its byte order mark, or by the NUL byte that every ASCII character has.
fn utf16(bytes: &[u8]) -> Option<String> {
    let (is_big, rest) = match bytes {
        [0xff, 0xfe, rest @ ..] => (false, rest),
        [0xfe, 0xff, rest @ ..] => (true, rest),
        [0, low, ..] if *low != 0 => (true, bytes),
        [low, 0, ..] if *low != 0 => (false, bytes),
        _ => return None,
    };
    let units = rest.chunks_exact(2).map(|pair| match is_big {
        true => u16::from_be_bytes([pair[0], pair[1]]),
        false => u16::from_le_bytes([pair[0], pair[1]]),
    });
    let text = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER));
    Some(text.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_16_is_told_with_and_without_its_mark_and_in_either_order() {
        let units: Vec<u16> = "kind: größe".encode_utf16().collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        for bytes in [
            [&[0xff, 0xfe], little.as_slice()].concat(),
            [&[0xfe, 0xff], big.as_slice()].concat(),
            little,
            big,
        ] {
            let found = no_yaml(&bytes).unwrap();
            assert_eq!(found.text.as_deref(), Some("kind: größe"));
        }
        for bytes in [
            &b"a: b\n"[..],
            b"",
            b"a",
            b"\xef\xbb\xbfa: b",
            b"version: 1",
        ] {
            assert_eq!(no_yaml(bytes), None);
        }
    }
}
