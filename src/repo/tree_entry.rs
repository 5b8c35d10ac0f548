//! One entry of a tree object: parsing it, and the modes that git writes.

use git2::Oid;

/// File modes as git writes them in a tree.
pub(super) mod mode {
    pub(crate) const FOLDER: u32 = 0o040_000;
    pub(crate) const FILE: u32 = 0o100_644;
    pub(crate) const EXECUTABLE: u32 = 0o100_755;
    pub(crate) const SYMLINK: u32 = 0o120_000;
    pub(crate) const SUBMODULE: u32 = 0o160_000;
}

/// One entry of a tree: what is under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) mode: u32,
    pub(super) id: Oid,
}

impl Entry {
    pub(super) fn folder(id: Oid) -> Self {
        Self {
            mode: mode::FOLDER,
            id,
        }
    }

    pub(super) fn is_folder(self) -> bool {
        self.mode == mode::FOLDER
    }

    /// A regular file in the strict sense: exactly 100644 or 100755.
    pub(super) fn is_file(self) -> bool {
        matches!(self.mode, mode::FILE | mode::EXECUTABLE)
    }
}

/// `MODE NAME\0ID`: the first entry and what follows it.
pub(super) fn parse_entry(data: &[u8]) -> Option<(&[u8], Entry, &[u8])> {
    let blank = memchr::memchr(b' ', data)?;
    let mode = std::str::from_utf8(&data[..blank]).ok()?;
    let mode = u32::from_str_radix(mode, 8).ok()?;
    let rest = &data[blank + 1..];
    let end = memchr::memchr(0, rest)?;
    let (id, after) = rest[end + 1..].split_at_checked(20)?;
    let id = Oid::from_bytes(id).ok()?;
    Some((&rest[..end], Entry { mode, id }, after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn half_an_entry_is_no_entry() {
        let mut entry = b"100644 a.yaml\0".to_vec();
        entry.extend([7; 20]);
        let (name, parsed, rest) = parse_entry(&entry).unwrap();
        assert_eq!(
            (name, parsed.mode, rest.len()),
            (b"a.yaml".as_slice(), mode::FILE, 0)
        );
        for cut in 0..entry.len() {
            assert!(parse_entry(&entry[..cut]).is_none(), "{cut}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_parser_panic(data in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse_entry(&data);
        }
    }
}
