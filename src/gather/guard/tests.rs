//! One path on three sides, by a table.

use super::*;

/// `a` to `f` are contents: `a` a file, `a+` the same as an executable, `@a` a link, `#` a submodule, `-` nothing.
fn entry_content(text: &str) -> EntryContent {
    let blob = |letter: &str| Some(letter.repeat(40).parse().unwrap());
    match text {
        "-" => None,
        "#" => Some((EntryKind::Submodule, None)),
        link if link.starts_with('@') => Some((EntryKind::Symlink, blob(&link[1..]))),
        file if file.ends_with('+') => Some((EntryKind::Executable, blob(&file[..1]))),
        file => Some((EntryKind::File, blob(file))),
    }
}

fn merged(base: &str, tip: &str, head: &str) -> String {
    let sides = Sides {
        base: entry_content(base),
        tip: match tip {
            "/" => AtPath::Folder,
            other => AtPath::Entry(entry_content(other)),
        },
        head: entry_content(head),
    };
    let letter = |blob: BlobId| blob.to_string()[..1].to_owned();
    match sides.merged() {
        Merged::AsAtTip => "as at tip".to_owned(),
        Merged::Conflict => "conflict".to_owned(),
        Merged::To(After::Nothing) => "to nothing".to_owned(),
        Merged::To(After::File(blob)) => format!("to {}", letter(blob)),
        Merged::To(After::BothSides { base, tip, head }) => {
            format!("both {}{}{}", letter(base), letter(tip), letter(head))
        }
    }
}

#[test]
fn each_path_is_merged_as_git_merges_it_without_renames() {
    for (base, tip, head, wanted) in [
        // Only the pull request changed it.
        ("a", "a", "b", "to b"),
        ("-", "-", "b", "to b"),
        ("a", "a", "-", "to nothing"),
        ("a", "a", "@b", "to nothing"),
        ("@a", "@a", "b", "to b"),
        ("a", "a", "a+", "to a"),
        ("a", "a", "#", "to nothing"),
        ("#", "#", "#", "to nothing"),
        // Both did the same.
        ("a", "b", "b", "as at tip"),
        ("a", "-", "-", "as at tip"),
        ("-", "b", "b", "as at tip"),
        ("a", "@b", "@b", "as at tip"),
        ("a", "/", "-", "as at tip"),
        // Both changed it.
        ("a", "b", "c", "both abc"),
        ("a", "b+", "c", "both abc"),
        ("a", "b", "a+", "to b"),
        ("a", "a+", "b", "to b"),
        ("a", "a+", "b+", "to b"),
        ("a", "b+", "a+", "as at tip"),
        ("a", "b", "b+", "to b"),
        ("a", "b+", "b", "as at tip"),
        ("-", "b", "c", "conflict"),
        ("-", "b", "b+", "conflict"),
        ("a", "-", "b", "conflict"),
        ("a", "b", "-", "conflict"),
        ("a", "b", "@c", "conflict"),
        ("a", "@b", "c", "conflict"),
        ("a", "#", "c", "conflict"),
        ("a", "/", "b", "conflict"),
        ("-", "/", "b", "conflict"),
    ] {
        assert_eq!(merged(base, tip, head), wanted, "{base} {tip} {head}");
    }
}
