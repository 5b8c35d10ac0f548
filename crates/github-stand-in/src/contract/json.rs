//! JSON pointers (RFC 6901), one step at a time.

/// `pointer` with one more member.
pub fn member(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// `pointer` with one more index.
pub fn item(pointer: &str, index: usize) -> String {
    format!("{pointer}/{index}")
}
