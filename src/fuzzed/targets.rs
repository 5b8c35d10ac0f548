//! What must hold for any bytes, one function for each target. The fuzz targets and the tests share this file.

use std::sync::OnceLock;

use sluice::catalog::{
    RepositoryIdentity, SourceFile, Version, changed_file, load, resolve_pipelines, same_shape,
};
use sluice::model::policy::Policy;
use sluice::model::source_location::RepoPath;
use sluice::plan::guard::{GuardVerdict, Merge, gate_files, gated, judge};
use sluice::runner::{Environment, Run};
use sluice::yaml::syntax::steps::counted;
use sluice::yaml::{Limits, Stream};

/// At most this many steps may be taken for each byte and each node, with aliases written out.
const MAX_STEPS: usize = 100;

/// Does the work, and panics if it takes more steps than the files are worth.
fn bounded(files: &[&[u8]], work: impl FnOnce() + Send) {
    let size = |bytes: &&[u8]| {
        let stream = Stream::parse(bytes, &Limits::default());
        bytes.len() + stream.map_or(0, |stream| stream.nodes_written_out())
    };
    let most = MAX_STEPS * (100 + files.iter().map(size).sum::<usize>());
    let steps = counted(work);
    assert!(steps <= most as u64, "{steps} steps, more than {most}");
}

fn file(path: &str, bytes: &[u8]) -> SourceFile {
    SourceFile {
        path: path.into(),
        blob: "0".repeat(40).parse().expect("it is an id"),
        bytes: bytes.to_vec(),
    }
}

/// Any bytes are a manifest file, or are reported as none.
pub(super) fn catalog(bytes: &[u8]) {
    let files = [file("all.yaml", bytes)];
    bounded(&[bytes], || {
        let policy = Policy::default();
        let catalog = load(&files, &policy);
        for finding in &catalog.findings {
            assert!(!finding.message.is_empty());
        }
        let resolved = resolve_pipelines(&catalog, &RepositoryIdentity::default());
        assert_eq!(resolved.len(), catalog.pipelines.len());
        gated(&catalog, &policy, &resolved);
    });
}

/// Separates the two versions of a file.
const BETWEEN: &[u8] = b"=====\n";

/// Any two versions of a file get a verdict, and the same version twice touches nothing.
pub(super) fn guard(bytes: &[u8]) {
    let mut halves = bytes.windows(BETWEEN.len()).enumerate();
    let at = halves.find(|(_, window)| *window == BETWEEN);
    let (old, new) = match at {
        Some((at, _)) => (&bytes[..at], &bytes[at + BETWEEN.len()..]),
        None => (bytes, bytes),
    };
    // The old version is read again and again.
    bounded(&[old, old, old, new, new], || {
        let policy = Policy::default();
        let path = RepoPath::from("all.yaml");
        let state = |bytes: &[u8]| {
            let catalog = load(&[file("all.yaml", bytes)], &policy);
            gated(
                &catalog,
                &policy,
                &resolve_pipelines(&catalog, &RepositoryIdentity::default()),
            )
        };
        let (before, after) = (state(old), state(new));
        let version = |bytes: &[u8]| Version::read(&file("all.yaml", bytes), &policy);
        let (old, new) = (version(old), version(new));
        let judged = |new: &Version| {
            judge(&Merge {
                gate_files: Vec::new(),
                files: &[changed_file(&path, &old, new, &[&before, &after])],
                before: &before,
                after: Some(&after),
            })
        };
        let verdict = judged(&new);
        let said = verdict.description(str::to_owned);
        assert!(!said.is_empty() && said.chars().count() <= 140, "{said}");
        if same_shape(&old, &new) {
            assert_eq!(before, after, "one shape gates two things");
        }
        match judged(&old) {
            GuardVerdict::Harmless => {}
            found => assert!(format!("{found:?}").contains("Unreadable"), "{found:?}"),
        }
    });
}

/// Any bytes are a policy, or are refused with a message.
pub(super) fn policy(bytes: &[u8]) {
    bounded(&[bytes], || {
        let path = RepoPath::from(".github/sluice.yaml");
        match sluice::policy::parse(&path, bytes) {
            Ok(policy) => {
                policy.excludes("clusters/prod/api.yaml");
                assert!(gate_files(&policy, &path).contains_key(&path));
            }
            Err(finding) => assert!(!finding.message.is_empty()),
        }
    });
}

/// Any bytes are the payload of any event: the first line names it. What cannot be read of a pull request makes the run read-only.
pub(super) fn event(bytes: &[u8]) {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| tempfile::tempdir().expect("a folder can be made"));
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let (name, payload) = bytes.split_at(end.unwrap_or(bytes.len()));
    let name = String::from_utf8_lossy(name).into_owned();
    let path = folder.path().join("event.json");
    std::fs::write(&path, payload).expect("the payload can be written");
    let environment: Environment = [
        ("GITHUB_EVENT_NAME", name.clone()),
        ("GITHUB_EVENT_PATH", path.to_string_lossy().into_owned()),
    ]
    .into_iter()
    .collect();
    let run = Run::read(&environment).expect("the addresses are GitHub's own");
    let is_json = serde_json::from_slice::<serde_json::Value>(payload).is_ok();
    let name = name.trim();
    let of_pull = ["pull_request", "pull_request_target", "pull_request_review"].contains(&name);
    if of_pull && !is_json {
        assert!(run.read_only.is_some(), "{name}");
    }
    if let Some(repository) = run.repository {
        assert_eq!(repository.split('/').count(), 2, "{repository}");
    }
}

/// Any bytes are GitHub's answer to anything: parsed, or an error with a message.
pub(super) fn answer(bytes: &[u8]) {
    answers::check(bytes);
}

/// The questions, and a server that gives one answer to all of them.
mod answers {
    use std::cell::RefCell;
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use sluice::forge::{Access, CONTEXT, Forge, ForgeError, Network, ObjectQuery, Patience};
    use sluice::model::ids::PullNumber;

    /// Answers every request with what it holds.
    struct Server {
        address: String,
        answer: Arc<Mutex<Vec<u8>>>,
    }

    impl Server {
        fn start() -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
            let address = listener.local_addr().expect("it has an address");
            let answer = Arc::new(Mutex::new(Vec::new()));
            let given = Arc::clone(&answer);
            std::thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    let given = Arc::clone(&given);
                    std::thread::spawn(move || serve(&stream, &given));
                }
            });
            Self {
                address: format!("http://{address}"),
                answer,
            }
        }
    }

    fn serve(stream: &TcpStream, answer: &Mutex<Vec<u8>>) -> Option<()> {
        let mut reader = BufReader::new(stream);
        loop {
            let mut length = 0;
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).ok()? == 0 {
                    return None;
                }
                let line = line.trim().to_ascii_lowercase();
                if line.is_empty() {
                    break;
                }
                if let Some(value) = line.strip_prefix("content-length:") {
                    length = value.trim().parse().ok()?;
                }
            }
            reader
                .by_ref()
                .take(length)
                .read_to_end(&mut Vec::new())
                .ok()?;
            let body = answer.lock().ok()?.clone();
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ndate: Sun, 01 Nov 2026 00:00:00 GMT\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            let mut stream = stream;
            stream.write_all(&[head.as_bytes(), &body].concat()).ok()?;
        }
    }

    struct Asking {
        server: Server,
        runtime: tokio::runtime::Runtime,
    }

    impl Asking {
        fn start() -> Self {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            Self {
                server: Server::start(),
                runtime: runtime.expect("a runtime starts"),
            }
        }

        /// A new one each time: a rate limit ends all further calls of a run.
        fn forge(&self) -> Forge {
            let access = Access {
                api: self.server.address.clone(),
                graphql: format!("{}/graphql", self.server.address),
                token: "t".to_owned().into(),
                network: Network::default(),
            };
            let patience = Patience {
                budget: Duration::ZERO,
                second: Duration::from_micros(1),
            };
            let slug = "acme/gitops".parse().expect("it is a slug");
            let forge = Forge::new(&access, slug, patience, Arc::default());
            forge.expect("this machine may be called")
        }
    }

    thread_local! {
        static ASKING: RefCell<Option<Asking>> = const { RefCell::new(None) };
    }

    fn in_words<T>(answer: Result<T, ForgeError>) {
        if let Err(error) = answer {
            assert!(!error.to_string().is_empty());
        }
    }

    pub(super) fn check(bytes: &[u8]) {
        ASKING.with_borrow_mut(|asking| {
            let asking = asking.get_or_insert_with(Asking::start);
            *asking.server.answer.lock().expect("no thread panicked") = bytes.to_vec();
            asking
                .runtime
                .block_on(async { ask(&asking.forge()).await });
        });
    }

    async fn ask(forge: &Forge) {
        let id = "1234567890123456789012345678901234567890";
        let (commit, tree) = (id.parse().expect("an id"), id.parse().expect("an id"));
        let blob = id.parse().expect("an id");
        in_words(forge.snapshot().await);
        in_words(forge.open_pulls("main", CONTEXT, 200).await);
        in_words(forge.pull(PullNumber(1)).await);
        in_words(forge.overview().await);
        in_words(forge.bearer().await);
        in_words(forge.statuses(&commit).await);
        in_words(forge.blob(&blob).await);
        in_words(forge.tree_recursive(&tree).await);
        in_words(forge.list_refs(false).await);
        let path = "a.yaml".to_owned();
        let wanted = [
            ObjectQuery::Name("main".to_owned()),
            ObjectQuery::Commit(commit, vec![path.clone()]),
            ObjectQuery::Entries(commit, vec![path.clone()]),
            ObjectQuery::Page(commit, vec![path.clone()]),
            ObjectQuery::Tree(tree),
            ObjectQuery::Folder(commit, path),
            ObjectQuery::Blob(blob),
            ObjectQuery::Size(blob),
            ObjectQuery::PullOf(commit),
            ObjectQuery::May(1, "carol".to_owned()),
        ];
        let answers = forge.query_objects(&wanted).await;
        assert_eq!(answers.len(), wanted.len());
        for why in answers.into_iter().filter_map(Result::err) {
            assert!(!why.is_empty());
        }
    }
}
