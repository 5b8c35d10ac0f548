use proptest::prelude::*;

use super::lines::{packed, running, services, since, wrapped};
use crate::model::facts::Slot;
use crate::model::ids::PullNumber;
use crate::model::status::{Running, SetOnBase, Since};
use crate::model::text::cut_words;

fn runs(service: &str, slot: Slot, value: Option<&str>, name: Option<&str>) -> Running {
    Running {
        service: service.to_owned(),
        slot,
        value: value.map(str::to_owned),
        name: name.map(str::to_owned),
    }
}

#[test]
fn a_service_is_shown_by_what_tells_its_content_apart() {
    let id = "9be04d1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    let key = |name: &str| Slot::Key(name.to_owned());
    let shown = running(&[
        runs("api", Slot::GitRef, Some(id), Some("main 2026-11-20")),
        runs("api", Slot::HelmVersion, Some("3.3.0"), None),
        runs("api", Slot::HelmChart, Some("api"), None),
        runs("ledger", Slot::HelmVersion, Some("1.10"), None),
        runs("ledger", Slot::HelmChart, Some("ledger"), None),
        runs("plain", Slot::HelmChart, Some("web"), None),
        runs("keys", key("level"), Some("quiet"), None),
        runs("keys", key("token"), None, None),
        runs("hidden", key("token"), None, None),
        runs("long", key("text"), Some(&"x".repeat(90)), None),
    ]);
    insta::assert_snapshot!(shown.join("\n"), @r"
    api 9be04d1 (main 2026-11-20), chart 3.3.0
    ledger 1.10
    plain chart web
    keys level quiet
    hidden
    long text xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
    ");
}

#[test]
fn since_names_a_pull_request_before_a_person() {
    let now = "2026-11-22T14:20:00Z".parse().unwrap();
    let set = |pull, by: &str| {
        Since::Set(SetOnBase {
            commit: "a".repeat(40).parse().unwrap(),
            at: "2026-11-20T14:02:00Z".parse().unwrap(),
            by: by.to_owned(),
            landed: true,
            pull,
        })
    };
    for (given, shown) in [
        (
            set(Some(PullNumber(121)), "bot"),
            "since Fri 14:02 UTC  #121",
        ),
        (set(None, "frank"), "since Fri 14:02 UTC  frank"),
        (
            set(None, "Somebody With A Very Long Name"),
            "since Fri 14:02 UTC  Somebody With A Ver…",
        ),
        (
            set(None, "a\u{1b}[31m"),
            "since Fri 14:02 UTC  a\\u{1b}[31m",
        ),
        (Since::NoHistory, "no history here"),
        (Since::Unknown("why".to_owned()), "since unknown"),
    ] {
        assert_eq!(since(&given, now), shown);
    }
}

#[test]
fn a_service_that_is_too_long_is_broken_between_its_values_and_joined_by_nothing() {
    let all = ["api a, chart b, tag cccccc", "web 1", "job 2"].map(str::to_owned);
    assert_eq!(
        services(&all, 16),
        ["api a, chart b,", "  tag cccccc", "web 1  job 2"]
    );
}

proptest! {
    #[test]
    fn lines_hold_all_words_and_only_a_long_one_is_wider(text in "[a-z]{1,12}( [a-z]{1,12}){0,20}", width in 5_usize..30) {
        let lines = wrapped(&text, width);
        prop_assert_eq!(lines.join(" "), text);
        for line in &lines {
            prop_assert!(line.chars().count() <= width || !line.contains(' '), "{}", line);
        }
    }

    #[test]
    fn what_is_cut_fits_and_says_so(text in ".{0,60}", most in 1_usize..40) {
        let short = cut_words(&text, most);
        prop_assert!(short.chars().count() <= most);
        prop_assert!(short == text || short.ends_with('…'));
    }

    #[test]
    fn pieces_stay_whole(pieces in prop::collection::vec("[a-z ]{1,10}x", 0..8), width in 1_usize..40) {
        let lines = packed(&pieces, ", ", width);
        let found: Vec<String> = lines
            .iter()
            .flat_map(|line| line.split(','))
            .map(|piece| piece.trim().to_owned())
            .filter(|piece| !piece.is_empty())
            .collect();
        let wanted: Vec<String> = pieces.iter().map(|piece| piece.trim().to_owned()).collect();
        prop_assert_eq!(found, wanted);
    }
}
