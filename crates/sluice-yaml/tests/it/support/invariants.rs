//! What must hold for every file and every edit, whoever made them up. The fuzz target and the tests share this file.

use sluice_yaml::edit::{Edit, Edited, Expect, Identity, Note, apply};
use sluice_yaml::{FieldPath, Limits, Lookup, NodeId, NodeKind, Segment, Stream};

/// A field that is in a file, or could be.
pub(crate) struct Field {
    /// The document, from 0.
    pub document: usize,
    /// From the document's root.
    pub path: FieldPath,
    /// Its text; `None` for a key that is not there.
    pub text: Option<String>,
}

const VALUES: [&str; 10] = [
    "v1.4.0",
    "1.10",
    "",
    "null",
    "a: b #c",
    "it's \"so\"",
    "two\nlines\n",
    "{x}, [y]",
    "größe 😀",
    "line\u{2028}\t\u{7f}",
];

/// Reads the bytes as a file, and makes a few edits in it that the bytes themselves choose. Panics if one of the
/// promises of `yaml::edit` is broken. Returns how many edits were made, and how many refused.
pub(crate) fn check(bytes: &[u8]) -> (usize, usize) {
    let Ok(stream) = Stream::parse(bytes, &Limits::default()) else {
        return (0, 0);
    };
    let fields = fields(&stream, 200);
    let (mut made, mut refused) = (0, 0);
    let mut random = seed(bytes);
    for _ in 0..6.min(fields.len()) {
        let field = &fields[next(&mut random) % fields.len()];
        // An object in a template is not used if another document has the same one.
        let documents = stream.documents();
        if documents.len() > 1 && stream.first_odd_key(&documents[field.document]).is_some() {
            continue;
        }
        let edit = edit(&stream, field, &mut random);
        match apply(bytes, std::slice::from_ref(&edit)) {
            Ok(edited) => {
                check_edited(bytes, field, &edit, &edited);
                made += 1;
            }
            Err(error) => {
                assert!(!error.message.is_empty());
                refused += 1;
            }
        }
    }
    (made, refused)
}

/// Everything that can be said of an edit that was made.
pub(crate) fn check_edited(before: &[u8], field: &Field, edit: &Edit, edited: &Edited) {
    assert_eq!(edited.lines.len(), 1);
    check_untouched(before, edited);
    assert_eq!(
        edited.changed.is_empty(),
        edited.bytes == before,
        "changed places and changed bytes differ"
    );
    let after = Stream::parse(&edited.bytes, &Limits::default()).expect("the outcome is YAML");
    let root = after.documents()[field.document]
        .root
        .expect("the document has a content");
    let Lookup::Found { node, .. } = after.lookup(root, &edit.path) else {
        panic!("{} is gone", edit.path);
    };
    assert_eq!(
        after.scalar(node),
        Some(&*edit.value),
        "{} reads otherwise",
        edit.path
    );
    assert!(!after.is_null(node), "{} is null", edit.path);
    check_with_other_parser(before, field, edit, edited);
    // The identity may have depended on the value that was changed.
    if matches!(edit.object.fields[..], []) {
        let again = apply(&edited.bytes, std::slice::from_ref(edit)).expect("the same edit again");
        assert_eq!(
            again.bytes, edited.bytes,
            "the same edit changes something again"
        );
    }
}

/// All bytes outside the changed places are in the outcome, in their order.
fn check_untouched(before: &[u8], edited: &Edited) {
    let (mut at, mut rest) = (0, &edited.bytes[..]);
    for span in &edited.changed {
        let kept = &before[at..span.start];
        let found = if at == 0 {
            rest.starts_with(kept).then_some(0)
        } else {
            find(rest, kept)
        };
        let found = found.unwrap_or_else(|| panic!("bytes {at}..{} are gone", span.start));
        rest = &rest[found + kept.len()..];
        at = span.end;
    }
    assert!(rest.ends_with(&before[at..]), "bytes from {at} are gone");
}

fn find(within: &[u8], part: &[u8]) -> Option<usize> {
    if part.is_empty() {
        return Some(0);
    }
    within.windows(part.len()).position(|window| window == part)
}

/// serde_yaml's own tree of the outcome is its tree of the original with the one value set.
fn check_with_other_parser(before: &[u8], field: &Field, edit: &Edit, edited: &Edited) {
    let (Some(mut expected), Some(found)) = (documents(before), documents(&edited.bytes)) else {
        return;
    };
    // A key that is not a string to that parser cannot be followed there.
    if set(
        &mut expected[field.document],
        edit.path.segments(),
        &edit.value,
    )
    .is_some()
    {
        // That the value is there was seen before; to this parser a text that was there all along may be a number.
        let mut found = found;
        set(
            &mut found[field.document],
            edit.path.segments(),
            &edit.value,
        )
        .expect("the path is there");
        normalize(&mut expected);
        normalize(&mut found);
        assert_eq!(found, expected, "{} was set, and more", edit.path);
    }
}

fn normalize(values: &mut [serde_yaml::Value]) {
    // NaN differs from itself.
    for value in values {
        let text = format!("{value:?}");
        *value = serde_yaml::Value::String(text);
    }
}

fn documents(bytes: &[u8]) -> Option<Vec<serde_yaml::Value>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut values = Vec::new();
    for document in serde_yaml::Deserializer::from_str(text) {
        values.push(serde::Deserialize::deserialize(document).ok()?);
    }
    Some(values)
}

fn set(tree: &mut serde_yaml::Value, path: &[Segment], value: &str) -> Option<()> {
    let mut tree = tree;
    let Some((first, rest)) = path.split_first() else {
        // Its tag as well, which may be that of the alias that was there.
        *tree = serde_yaml::Value::String(value.to_owned());
        return Some(());
    };
    while let serde_yaml::Value::Tagged(tagged) = tree {
        tree = &mut tagged.value;
    }
    match (first, tree) {
        (Segment::Key(key), serde_yaml::Value::Mapping(map)) => {
            if rest.is_empty() && !map.contains_key(key.as_str()) {
                // A key that is there for the first parser must be there for this one.
                if map
                    .keys()
                    .any(|key| !matches!(key, serde_yaml::Value::String(_)))
                {
                    return None;
                }
                map.insert(key.as_str().into(), value.into());
                return Some(());
            }
            set(map.get_mut(key.as_str())?, rest, value)
        }
        (Segment::Key(key), tree @ serde_yaml::Value::Null) if rest.is_empty() => {
            let mut map = serde_yaml::Mapping::new();
            map.insert(key.as_str().into(), value.into());
            *tree = serde_yaml::Value::Mapping(map);
            Some(())
        }
        (Segment::Index(index), serde_yaml::Value::Sequence(items)) => {
            set(items.get_mut(*index)?, rest, value)
        }
        _ => None,
    }
}

/// An edit of a field, chosen by `random`.
pub(crate) fn edit(stream: &Stream, field: &Field, random: &mut u64) -> Edit {
    let value = match (next(random) % 8, &field.text) {
        (0, Some(text)) => text.clone(),
        (pick, _) => VALUES[(pick + next(random)) % VALUES.len()].to_owned(),
    };
    let note = match next(random) % 3 {
        0 => Note::Keep,
        1 => Note::Set("v1.4.0".to_owned()),
        _ => Note::Remove,
    };
    Edit {
        object: identity(stream, field),
        path: field.path.clone(),
        value,
        form: sluice_yaml::Form::Text,
        note,
    }
}

/// Which document: nothing needs to be said if there is only one.
pub(crate) fn identity(stream: &Stream, field: &Field) -> Identity {
    let is_only = stream
        .documents()
        .iter()
        .filter(|document| document.root.is_some())
        .count()
        == 1;
    let fields = match &field.text {
        _ if is_only => Vec::new(),
        Some(text) => vec![(field.path.clone(), Expect::Equals(text.clone()))],
        None => vec![(field.path.clone(), Expect::Absent)],
    };
    Identity { fields }
}

/// Fields that are in the file without any alias, and one more key for each mapping; at most `most` of them.
pub(crate) fn fields(stream: &Stream, most: usize) -> Vec<Field> {
    let mut fields = Vec::new();
    for document in stream.documents() {
        if let Some(root) = document.root {
            collect(
                stream,
                document.index,
                root,
                &FieldPath::default(),
                &mut fields,
                most,
            );
        }
    }
    fields
}

fn collect(
    stream: &Stream,
    document: usize,
    node: NodeId,
    path: &FieldPath,
    fields: &mut Vec<Field>,
    most: usize,
) {
    if fields.len() >= most {
        return;
    }
    let field = |path: FieldPath, text: Option<String>| Field {
        document,
        path,
        text,
    };
    match stream.node(node).kind {
        NodeKind::Scalar { value, .. } => {
            let text = (!stream.is_null(node)).then(|| value.to_owned());
            fields.push(field(path.clone(), text));
            fields.push(field(path.child("below"), None));
        }
        NodeKind::Alias(target) => {
            // A null has no text, behind an alias too.
            if let Some(text) = stream.scalar(target).filter(|_| !stream.is_null(target)) {
                fields.push(field(path.clone(), Some(text.to_owned())));
            }
        }
        NodeKind::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(
                    stream,
                    document,
                    *item,
                    &path.join(Segment::Index(index)),
                    fields,
                    most,
                );
            }
        }
        NodeKind::Mapping(entries) => {
            fields.push(field(path.child("newKey"), None));
            for entry in entries {
                if let Some(key) = stream.scalar(entry.key) {
                    collect(
                        stream,
                        document,
                        entry.value,
                        &path.child(key),
                        fields,
                        most,
                    );
                }
            }
        }
    }
}

/// FNV-1a: the same bytes make the same edits.
pub(crate) fn seed(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// xorshift64*
pub(crate) fn next(random: &mut u64) -> usize {
    *random ^= *random >> 12;
    *random ^= *random << 25;
    *random ^= *random >> 27;
    (random.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize
}
