use super::*;
use crate::Limits;

fn look(source: &str, path: &str) -> String {
    let stream = Stream::parse(source.as_bytes(), &Limits::default()).unwrap();
    let root = stream.documents()[0].root.unwrap();
    match stream.lookup(root, &path.parse().unwrap()) {
        Lookup::Found { node, via } => {
            let span = stream.node(node).span;
            format!("{via:?} {}", &source[span.start..span.end])
        }
        Lookup::Absent { parent } => match parent {
            Parent::Mapping(node) => format!("absent in the mapping at {}", stream.position(node)),
            Parent::Missing => "absent, parent missing".to_owned(),
            Parent::Null(node) => format!("absent in the null at {}", stream.position(node)),
            Parent::NotAMapping(node) => {
                format!("absent in what is no mapping at {}", stream.position(node))
            }
        },
        Lookup::Duplicate { position } => format!("twice, again at {position}"),
    }
}

#[test]
fn paths_lead_through_keys_indices_and_selections() {
    let source = "a:\n  'b.c': 1\n  d:\n  - name: x\n    v: 2\n  - name: y\n    v: 3\n  - name: y\n  e:\n  f: ~\n";
    let table = [
        ("a.\"b.c\"", "Direct 1"),
        ("a.d[0].v", "Direct 2"),
        ("a.d[name=x].v", "Direct 2"),
        ("a.d[name=y].v", "absent, parent missing"),
        ("a.d[name=z]", "absent, parent missing"),
        ("a.d[9]", "absent, parent missing"),
        ("a.d[0].w", "absent in the mapping at 4:5"),
        ("a.e", "Direct "),
        ("a.e.x", "absent in the null at 9:5"),
        ("a.f.x.y", "absent in the null at 10:6"),
        ("a.z.y", "absent, parent missing"),
        ("a.d.x", "absent in what is no mapping at 4:3"),
        ("a.\"b.c\".x", "absent in what is no mapping at 2:10"),
        ("a[0]", "absent in what is no mapping at 2:3"),
    ];
    for (path, expected) in table {
        assert_eq!(look(source, path), expected, "{path}");
    }
    assert_eq!(look("a: 1", ""), "Direct a: 1");
}

#[test]
fn aliases_are_followed_and_said() {
    let source = "x: &x {v: 1, w: &w 2}\na: *x\nb: *w\n? *w\n: c\nl: [*x]\n";
    assert_eq!(look(source, "a.v"), "Alias 1");
    assert_eq!(look(source, "b"), "Alias 2");
    assert_eq!(look(source, "x.v"), "Direct 1");
    assert_eq!(look(source, "2"), "Direct c");
    assert_eq!(look(source, "l[v=1].w"), "Alias 2");
    assert_eq!(look(source, "a.y"), "absent in the mapping at 1:7");
}

#[test]
fn merges_apply_below_own_keys_and_the_first_source_wins() {
    let source = "base: &base {v: base, b: base, d: {e: deep}}\nmid: &mid\n  <<: *base\n  v: mid\n\
                  a:\n  <<: [*mid, {v: no, n: new}]\n  own: 1\nb:\n  v: own\n  <<: *base\nq: {\"<<\": *base}\n";
    let table = [
        ("a.v", "Merge mid"),
        ("a.b", "Merge base"),
        ("a.n", "Merge new"),
        ("a.d.e", "Merge deep"),
        ("a.own", "Direct 1"),
        ("b.v", "Direct own"),
        ("q.v", "absent in the mapping at 11:4"),
        ("a.zzz", "absent in the mapping at 6:3"),
    ];
    for (path, expected) in table {
        assert_eq!(look(source, path), expected, "{path}");
    }
}

#[test]
fn a_key_that_stands_twice_is_said_and_never_chosen() {
    assert_eq!(look("a: 1\nb: 2\n'a': 3\n", "a"), "twice, again at 3:1");
    assert_eq!(look("a: 1\nb: 2\n'a': 3\n", "b"), "Direct 2");
    assert_eq!(
        look("l:\n- {k: 1, k: 2}\n", "l[k=1]"),
        "twice, again at 2:10"
    );
}
