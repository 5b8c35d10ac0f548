//! "Did you mean": the names nearest to one that does not exist.

/// At most three of `known` that are near to `wanted`, best first; equal ones in the order of the alphabet.
pub(crate) fn nearest<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let lower = wanted.to_lowercase();
    let mut near: Vec<(f64, &str)> = known
        .into_iter()
        .map(|name| {
            (
                strsim::normalized_damerau_levenshtein(&lower, &name.to_lowercase()),
                name,
            )
        })
        .filter(|(score, _)| *score >= 0.6)
        .collect();
    near.sort_by(|(a, x), (b, y)| b.total_cmp(a).then_with(|| x.cmp(y)));
    near.dedup_by(|(_, x), (_, y)| x == y);
    near.into_iter().take(3).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_finds_its_name_and_nonsense_finds_nothing() {
        let known = ["prod-approval", "approval-gate", "office-hours"];
        assert_eq!(nearest("prod-aproval", known), ["prod-approval"]);
        assert_eq!(nearest("Office-Hours", known), ["office-hours"]);
        assert!(nearest("xyz", known).is_empty());
    }
}
