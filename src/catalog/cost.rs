//! What reading a manifest with many keys costs: it grows with the keys, not with their square.

use std::fmt::Write as _;

use super::{Difference, Resolver, SourceFile, Version, changed_file, load};
use crate::model::guard::{Barrier, FileThen, Gated, GatedField, Role};
use crate::model::policy::Policy;
use crate::model::reference::{Kind, ManifestKey};
use crate::yaml::edit::Prober;
use crate::yaml::syntax::steps::counted;
use crate::yaml::{FieldPath, Identity, Limits, Stream};

fn service(name: &str, keys: usize) -> SourceFile {
    let mut text = format!(
        "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata:\n  name: {name}\nspec:\n  configuration:\n"
    );
    for key in 0..keys {
        writeln!(text, "    key{key}: v{key}").unwrap();
    }
    SourceFile {
        path: "many.yaml".into(),
        blob: "0".repeat(40).parse().unwrap(),
        bytes: text.into_bytes(),
    }
}

/// A service whose keys come from a mapping that it merges.
fn merging(keys: usize) -> SourceFile {
    let mut file = service("many", 0);
    let mut text = String::from("    <<:\n");
    for key in 0..keys {
        writeln!(text, "      key{key}: v{key}").unwrap();
    }
    file.bytes.extend(text.into_bytes());
    file
}

fn key_path(key: usize) -> FieldPath {
    FieldPath::keys(&["spec", "configuration", &format!("key{key}")])
}

/// Twice the keys may cost a little more than twice the steps.
fn assert_linear(what: &str, work: impl Fn(usize) -> Box<dyn FnOnce() + Send>) {
    let (small, large) = (counted(work(2_000)), counted(work(4_000)));
    assert!(
        small >= 2_000,
        "{what}: {small} steps for 2,000 keys: nothing was counted"
    );
    assert!(
        large * 10 <= small * 22,
        "{what}: {small} steps for 2,000 keys, {large} for 4,000"
    );
}

#[test]
fn reading_a_service_costs_steps_in_proportion_to_its_keys() {
    for of_keys in [|keys| service("many", keys), merging] {
        assert_linear("load", |keys| {
            let file = of_keys(keys);
            Box::new(move || {
                let catalog = load(&[file], &Policy::default());
                let entries = &catalog.services[0].configuration.entries;
                assert_eq!(entries.len(), keys);
                assert_eq!(entries["key7"].text(), Some("v7"));
            })
        });
    }
}

#[test]
fn telling_what_was_set_costs_steps_in_proportion_to_the_keys() {
    assert_linear("Difference", |keys| {
        let file = service("many", keys);
        let text = String::from_utf8(file.bytes.clone()).unwrap();
        let after = text.replace(": v", ": w").into_bytes();
        Box::new(move || {
            let policy = Policy::default();
            let found = Difference::of(&file.path, &file.bytes, &after, &policy).unwrap();
            assert_eq!(found.manifests[0].values.len(), keys);
        })
    });
}

#[test]
fn reading_gated_fields_costs_steps_in_proportion_to_the_keys() {
    assert_linear("changed_file", |keys| {
        let file = service("many", keys);
        let mut gated = Gated::default();
        gated_keys("many", keys, &mut gated);
        Box::new(move || {
            let version = Version::read(&file, &Policy::default());
            let changed = changed_file(&file.path, &version, &version, &[&gated]);
            let FileThen::Read(read) = changed.after else {
                panic!("the file is not read");
            };
            assert_eq!(read[0].values.len(), keys);
        })
    });
}

/// Existing keys are replaced, the others are added.
#[test]
fn proving_that_keys_can_be_written_costs_steps_in_proportion_to_the_keys() {
    assert_linear("probe", |keys| {
        let file = service("many", keys);
        Box::new(move || {
            let stream = Stream::parse(&file.bytes, &Limits::default()).unwrap();
            let identity = Identity::default();
            let mut prober = Prober::of(&stream);
            for key in 0..2 * keys {
                prober.probe(&identity, &key_path(key)).unwrap();
            }
        })
    });
}

fn gated_keys(name: &str, keys: usize, gated: &mut Gated) {
    let manifest = ManifestKey {
        kind: Kind::ServiceDeployment,
        namespace: None,
        name: name.to_owned(),
    };
    let field = GatedField {
        role: Role::Promoted,
        barrier: Barrier::Gate("approval".into()),
    };
    for key in 0..keys {
        gated.add(manifest.clone(), key_path(key), field.clone());
    }
}

#[test]
fn manifests_are_compared_with_what_is_gated_of_them_and_of_no_other() {
    assert_linear("gated manifests", |count| {
        let mut gated = Gated::default();
        let mut bytes = Vec::new();
        for at in 0..count {
            let name = format!("s{at}");
            gated_keys(&name, 1, &mut gated);
            bytes.extend(service(&name, 1).bytes);
            bytes.extend(b"---\n");
        }
        let file = SourceFile {
            bytes,
            ..service("many", 0)
        };
        Box::new(move || {
            let version = Version::read(&file, &Policy::default());
            let changed = changed_file(&file.path, &version, &version, &[&gated]);
            let FileThen::Read(read) = changed.after else {
                panic!("the file is not read");
            };
            assert!(read.iter().all(|manifest| manifest.values.len() == 1));
        })
    });
}

#[test]
fn copies_of_a_gated_manifest_are_counted_and_not_compared_field_by_field() {
    assert_linear("copies", |count| {
        let mut gated = Gated::default();
        gated_keys("many", count, &mut gated);
        let before = service("many", 1);
        let bytes = [before.bytes.as_slice(), b"---\n"].concat().repeat(count);
        let after = SourceFile {
            bytes,
            ..service("many", 0)
        };
        Box::new(move || {
            let policy = Policy::default();
            let old = Version::read(&before, &policy);
            let new = Version::read(&after, &policy);
            let changed = changed_file(&after.path, &old, &new, &[&gated]);
            let FileThen::Read(read) = changed.after else {
                panic!("the file is not read");
            };
            assert_eq!(read.len(), count);
        })
    });
}

/// Not a manifest because its `spec` is missing.
const BROKEN: &str =
    "{apiVersion: deployments.plural.sh/v1alpha1, kind: ServiceDeployment, metadata: {name: a}}";

#[test]
fn broken_manifests_cost_steps_in_proportion_to_their_number() {
    let documents = |count: usize| format!("{BROKEN}\n---\n").repeat(count);
    let in_one_line = |count: usize| {
        let items = format!("{BROKEN}, ").repeat(count);
        format!("{{apiVersion: v1, kind: List, items: [{items}]}}")
    };
    for text_of in [
        &documents as &dyn Fn(usize) -> String,
        &in_one_line as &dyn Fn(usize) -> String,
    ] {
        assert_linear("broken manifests", |count| {
            let file = SourceFile {
                bytes: text_of(count).into_bytes(),
                ..service("many", 0)
            };
            Box::new(move || {
                let catalog = load(&[file], &Policy::default());
                assert_eq!(catalog.findings.len(), count);
                Resolver::new(&catalog);
            })
        });
    }
}
