//! A message about many things names the first few of them: one about each of N things that named all N would grow with
//! their square.

/// At most this many are named.
const SHOWN: usize = 5;

/// The first five names, `separator` between them, and how many more there are.
pub(crate) fn few<S: AsRef<str>>(names: &[S], separator: &str) -> String {
    let shown: Vec<&str> = names.iter().take(SHOWN).map(AsRef::as_ref).collect();
    let shown = shown.join(separator);
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown}{separator}and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::few;

    #[test]
    fn five_names_are_shown_and_the_others_are_counted() {
        let names = ["a", "b", "c", "d", "e", "f", "g"];
        assert_eq!(few(&names[..0], ", "), "");
        assert_eq!(few(&names[..1], ", "), "a");
        assert_eq!(few(&names[..5], ", "), "a, b, c, d, e");
        assert_eq!(few(&names[..6], ", "), "a, b, c, d, e, and 1 more");
        assert_eq!(few(&names, " → "), "a → b → c → d → e → and 2 more");
    }
}
