//! What texts for people do with other texts: they cut, count and list them. Escaping is the writer's.

use std::fmt::Display;

/// At most `most` characters; what is cut off is shown by `…`, which is one of them.
pub(crate) fn cut(text: &str, most: usize) -> String {
    match text.chars().nth(most) {
        None => text.to_owned(),
        Some(_) => begin(text, most) + "…",
    }
}

/// As [`cut`], without a blank before the `…`.
pub(crate) fn cut_words(text: &str, most: usize) -> String {
    match text.chars().nth(most) {
        None => text.to_owned(),
        Some(_) => format!("{}…", begin(text, most).trim_end()),
    }
}

fn begin(text: &str, most: usize) -> String {
    text.chars().take(most.saturating_sub(1)).collect()
}

/// `1 file`, `2 files`.
pub(crate) fn counted<N: Display + PartialEq + From<u8>>(number: N, word: &str) -> String {
    let plural = if number == N::from(1) { "" } else { "s" };
    format!("{number} {word}{plural}")
}

/// `a`, `a and b`, `a, b and c`, if `word` is `and`.
pub(crate) fn list<T: AsRef<str>>(names: impl IntoIterator<Item = T>, word: &str) -> String {
    let names: Vec<T> = names.into_iter().collect();
    match names.split_last() {
        None => String::new(),
        Some((only, [])) => only.as_ref().to_owned(),
        Some((last, rest)) => {
            let rest: Vec<&str> = rest.iter().map(AsRef::as_ref).collect();
            format!("{} {word} {}", rest.join(", "), last.as_ref())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_text_is_never_longer_than_it_may_be() {
        for (text, most, wanted) in [
            ("abc", 3, "abc"),
            ("äöüß", 3, "äö…"),
            ("", 0, ""),
            ("ab cd", 4, "ab …"),
        ] {
            assert_eq!(cut(text, most), wanted, "{text}");
        }
        assert_eq!(cut_words("ab cd", 4), "ab…");
        assert_eq!(cut_words("ab c", 4), "ab c");
    }

    #[test]
    fn one_is_singular_and_the_last_name_comes_after_the_word() {
        assert_eq!(counted(0_usize, "file"), "0 files");
        assert_eq!(counted(1_u64, "file"), "1 file");
        let lists = [
            (&[][..], ""),
            (&["a"], "a"),
            (&["a", "b"], "a or b"),
            (&["a", "b", "c"], "a, b or c"),
        ];
        for (names, wanted) in lists {
            assert_eq!(list(names, "or"), wanted);
        }
    }
}
