//! What an edit costs, proof included, against a bare typed parse of the same bytes by serde_yaml in the same run. The
//! machine does not matter, the ratio does.
#![allow(missing_docs, reason = "the macros of criterion make public functions")]

use std::collections::BTreeMap;
use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use serde::Deserialize;
use sluice_yaml::edit::{Edit, Expect, Identity, Note, apply, probe};
use sluice_yaml::{FieldPath, Limits, Stream};

/// One object, as a typed reader would want it.
#[derive(Deserialize)]
struct Object {
    kind: String,
    metadata: Metadata,
    #[serde(default)]
    spec: Option<Spec>,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Spec {
    git: Git,
}

#[derive(Deserialize)]
struct Git {
    #[serde(rename = "ref")]
    reference: String,
}

fn object(name: &str) -> String {
    format!(
        "apiVersion: example.com/v1\nkind: Thing\nmetadata:\n  name: {name}\n  namespace: team # the owners\n  labels:\n    \
         app: \"{name}\"\n    tier: 'backend'\nspec:\n  # what is deployed\n  git:\n    folder: deploy/{name}\n    ref: \
         v1.0.0 # sluice: v1.0.0\n  helm:\n    version: 1.2.3\n  list: [a, b, {{c: d}}]\n"
    )
}

fn set(name: &str, path: &[&str], value: &str) -> Edit {
    Edit {
        object: Identity {
            fields: vec![
                (
                    FieldPath::keys(&["kind"]),
                    Expect::Equals("Thing".to_owned()),
                ),
                (
                    FieldPath::keys(&["metadata", "name"]),
                    Expect::Equals(name.to_owned()),
                ),
                (
                    FieldPath::keys(&["apiVersion"]),
                    Expect::Prefix("example.com/".to_owned()),
                ),
            ],
        },
        path: FieldPath::keys(path),
        value: value.to_owned(),
        form: sluice_yaml::Form::Text,
        note: Note::Set("v2.0.0".to_owned()),
    }
}

fn parse_typed(source: &str) -> usize {
    let mut length = 0;
    for document in serde_yaml::Deserializer::from_str(source) {
        let Ok(object) = Object::deserialize(document) else {
            break;
        };
        let reference = object.spec.map_or(0, |spec| spec.git.reference.len());
        length += object.kind.len()
            + object.metadata.name.len()
            + object.metadata.labels.len()
            + reference;
    }
    length
}

fn many_files(c: &mut Criterion) {
    let files: Vec<(String, Vec<Edit>)> = (0..1_000)
        .map(|at| {
            let (one, two) = (format!("service-{at}"), format!("service-{at}-database"));
            let edits = vec![
                set(&one, &["spec", "git", "ref"], "v2.0.0"),
                set(&two, &["spec", "helm", "chart"], "a-chart"),
            ];
            (format!("{}---\n{}", object(&one), object(&two)), edits)
        })
        .collect();
    let bytes: usize = files.iter().map(|(file, _)| file.len()).sum();
    let mut group = c.benchmark_group("1000 files, 2 edits each");
    group
        .throughput(Throughput::Bytes(bytes as u64))
        .sample_size(20);
    group.bench_function("serde_yaml, typed parse", |b| {
        b.iter(|| {
            files
                .iter()
                .map(|(file, _)| parse_typed(black_box(file)))
                .sum::<usize>()
        });
    });
    group.bench_function("parse", |b| {
        b.iter(|| {
            files
                .iter()
                .filter(|(file, _)| {
                    Stream::parse(black_box(file).as_bytes(), &Limits::default()).is_ok()
                })
                .count()
        });
    });
    group.bench_function("apply", |b| {
        b.iter(|| {
            files
                .iter()
                .filter(|(file, edits)| apply(black_box(file).as_bytes(), edits).is_ok())
                .count()
        });
    });
    group.finish();
}

fn one_large_file(c: &mut Criterion) {
    let mut source = String::new();
    let mut edits = Vec::new();
    for at in 0..5_000 {
        let name = format!("s{at}");
        source.push_str("---\n");
        source.push_str(&object(&name)[..object(&name).len() - "  list: [a, b, {c: d}]\n".len()]);
        edits.push(set(&name, &["spec", "git", "ref"], "v2.0.0"));
    }
    let mut group = c.benchmark_group(format!("one file of {} bytes, 5000 edits", source.len()));
    group
        .throughput(Throughput::Bytes(source.len() as u64))
        .sample_size(20);
    group.bench_function("serde_yaml, typed parse", |b| {
        b.iter(|| parse_typed(black_box(&source)));
    });
    group.bench_function("parse", |b| {
        b.iter(|| Stream::parse(black_box(&source).as_bytes(), &Limits::default()).is_ok());
    });
    group.bench_function("probe one of them", |b| {
        let stream = || Stream::parse(source.as_bytes(), &Limits::default()).ok();
        b.iter_batched(
            stream,
            |stream| {
                stream
                    .map(|stream| probe(&stream, &edits[2_500].object, &edits[2_500].path).is_ok())
            },
            BatchSize::LargeInput,
        );
    });
    group.bench_function("apply", |b| {
        b.iter(|| {
            apply(black_box(&source).as_bytes(), &edits)
                .map(|edited| edited.bytes.len())
                .unwrap_or_default()
        });
    });
    group.finish();
}

criterion_group!(benches, many_files, one_large_file);
criterion_main!(benches);
