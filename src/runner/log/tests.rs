use proptest::prelude::*;

use super::*;

/// A stream that can be read while it is written.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a log wrote: both streams, with our breaks visible.
fn written(audience: Audience, debug: bool, use_log: impl FnOnce(&Log)) -> (String, String) {
    let (out, err) = (Shared::default(), Shared::default());
    let log = Log::new(audience, debug, out.clone(), err.clone());
    use_log(&log);
    let text = |stream: Shared| {
        let bytes = stream.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap().replace('\u{200b}', "·")
    };
    (text(out), text(err))
}

fn runner(use_log: impl FnOnce(&Log)) -> String {
    let (out, err) = written(Audience::Runner, false, use_log);
    assert_eq!(err, "", "the runner reads one stream in order");
    out
}

fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

#[test]
fn foreign_text_is_no_command_to_the_runner() {
    let out = runner(|log| {
        log.say(Level::Info, "::error::owned");
        log.say(Level::Info, "\u{a0} \u{3000}::stop-commands::x");
        log.say(Level::Info, "a ##[add-mask]x and ###[error]y");
        log.say(
            Level::Info,
            "a\r::error::b\n::error::c\u{85}\u{2028}::d\x1b[31m",
        );
        log.say(Level::Warning, "::set-output name=x::y");
        log.say(Level::Debug, "not shown");
        log.print("first\n  ::notice::second\r\n##[group]third\r::error::fourth\n")
            .unwrap();
    });
    insta::assert_snapshot!(out, @r"
    :·:error::owned
      　:·:stop-commands::x
    a ##·[add-mask]x and ###·[error]y
    a\u{d}::error::b\u{a}::error::c\u{85}\u{2028}::d\u{1b}[31m
    warning: ::set-output name=x::y
    first
      :·:notice::second
    ##·[group]third\u{d}::error::fourth
    ");
}

#[test]
fn a_terminal_gets_results_on_stdout_and_words_on_stderr() {
    let (out, err) = written(Audience::Terminal, true, |log| {
        log.mask(&secret("hunter2"));
        log.print("\x1b[1mbold\x1b[0m hunter2\n").unwrap();
        log.say(Level::Info, "reading");
        log.say(Level::Debug, "7 requests\n");
        log.annotate(Annotation::new(Level::Error, "hunter2 \x1b[31m"));
        log.finish();
    });
    assert_eq!(out, "\x1b[1mbold\x1b[0m ***\n");
    assert_eq!(
        err,
        "reading\ndebug: 7 requests\\u{a}\nerror: *** \\u{1b}[31m\n"
    );
}

#[test]
fn a_secret_is_masked_before_anything_else_and_in_nothing_after() {
    let out = runner(|log| {
        log.mask(&secret("ghs_token%\nline two"));
        log.say(Level::Info, "token ghs_token%, line two");
        log.say(Level::Error, "Basic eC1hY2Nlc3MtdG9rZW46Z2hzX3Rva2VuJQo=");
        log.annotate(Annotation::new(Level::Error, "ghs_token% was refused"));
        log.print("{\"token\":\"ghs_token%\\nline two\"}\n")
            .unwrap();
        assert_eq!(log.redact("ghs_token%25"), "***");
    });
    insta::assert_snapshot!(out, @r#"
    ::add-mask::ghs_token%25
    ::add-mask::line two
    token ***, ***
    error: Basic eC1hY2Nlc3MtdG9rZW46***Qo=
    ::error::*** was refused
    {"token":"***"}
    "#);
}

#[test]
fn a_short_secret_is_masked_and_said() {
    let out = runner(|log| log.mask(&secret("ab")));
    insta::assert_snapshot!(out, @r"
    ::add-mask::ab
    warning: masking a secret of fewer than four characters hides much of the log
    ");
}

#[test]
fn the_tenth_annotation_says_how_many_more_there_are() {
    let annotated = |warnings: usize| {
        runner(|log| {
            for number in 1..=warnings {
                log.annotate(Annotation::new(Level::Warning, format!("w{number}")));
            }
            log.annotate(Annotation::new(Level::Error, "e"));
            log.finish();
            log.finish();
        })
    };
    let lines = |out: &str, start: &str| out.lines().filter(|line| line.starts_with(start)).count();
    let ten = annotated(10);
    assert_eq!(lines(&ten, "::warning::w"), 10, "{ten}");
    assert!(!ten.contains("more in the log"));
    let twelve = annotated(12);
    assert_eq!(lines(&twelve, "::warning::"), 10, "{twelve}");
    assert!(twelve.contains("::warning::3 more in the log\n"));
    for shown in [
        "warning: w10\n",
        "warning: w11\n",
        "warning: w12\n",
        "::error::e\n",
    ] {
        assert_eq!(twelve.matches(shown).count(), 1, "{twelve}");
    }
    assert_eq!(lines(&annotated(9), "::warning::w"), 9);
}

#[test]
fn debug_lines_are_commands_with_harmless_data() {
    let (out, _) = written(Audience::Runner, true, |log| {
        log.say(Level::Debug, "50% of\n::error::x");
    });
    insta::assert_snapshot!(out, @r"
    ::debug::50%25 of\u{a}::error::x
    ");
}

#[test]
fn a_panic_speaks_through_the_log() {
    let before = panic::take_hook();
    let out = runner(|log| {
        log.mask(&secret("hunter2"));
        log.catch_panics();
        let panicked = std::thread::spawn(|| panic!("x\n::error::hunter2 ##[error]y")).join();
        assert!(panicked.is_err());
        let _ = panic::take_hook();
    });
    panic::set_hook(before);
    let last = out.lines().last().unwrap();
    assert!(
        last.starts_with("error: this is a bug in sluice: panicked at src/runner/log/tests.rs:"),
        "{out}"
    );
    assert!(
        last.ends_with("\\u{a}x\\u{a}::error::*** ##·[error]y"),
        "{out}"
    );
}

/// The commands that the runner would find in a log: at the start of a line, or the older form anywhere.
fn commands_in(text: &str) -> usize {
    text.split(['\n', '\r'])
        .filter(|line| line.trim_start().starts_with("::") || line.contains("##["))
        .count()
}

proptest! {
    #[test]
    fn the_runner_finds_no_command_in_foreign_text(
        parts in proptest::collection::vec(prop_oneof![
            any::<String>(),
            proptest::sample::select(&["::", "##[", "##", "[", ":", "\n", "\r", " ", "\t", "\u{85}", "\u{2028}", "\u{a0}", "error", "]", "\u{200b}"][..])
                .prop_map(str::to_owned),
        ], 0..8),
    ) {
        let text = parts.concat();
        let (out, err) = (Shared::default(), Shared::default());
        let log = Log::new(Audience::Runner, false, out.clone(), err);
        log.say(Level::Info, &text);
        log.print(&text).unwrap();
        log.say(Level::Error, &text);
        let bytes = out.0.lock().unwrap().clone();
        let shown = String::from_utf8(bytes).unwrap();
        prop_assert_eq!(commands_in(&shown), 0, "{:?}", shown);
        // Our own commands are found, and only they.
        log.annotate(Annotation { place: None, help: Some(text.clone()), ..Annotation::new(Level::Error, text) });
        let bytes = out.0.lock().unwrap().clone();
        prop_assert_eq!(commands_in(&String::from_utf8(bytes).unwrap()), 1);
    }
}

#[test]
fn debug_lines_go_to_stderr_without_secrets_and_commands() {
    let trace = |audience| {
        let (out, err) = written(audience, true, |log| {
            log.mask(&secret("hunter2"));
            let subscriber = crate::runner::trace::subscriber(log);
            tracing::subscriber::with_default(subscriber, || {
                tracing::debug!(status = 200, why = "hunter2", "read hunter2");
                tracing::debug!("\n::error::owned ##[add-mask]x");
                tracing::trace!("too much");
                tracing::debug!(target: "hyper", "not ours");
            });
        });
        assert!(!out.contains("read"), "{out}");
        err
    };
    insta::assert_snapshot!(trace(Audience::Runner), @r#"
    debug: read *** status=200 why="***"
    debug: \u{a}::error::owned ##·[add-mask]x
    "#);
    insta::assert_snapshot!(trace(Audience::Terminal), @r#"
    debug: read *** status=200 why="***"
    debug: \u{a}::error::owned ##[add-mask]x
    "#);
    let (_, err) = written(Audience::Runner, true, |log| {
        let subscriber = crate::runner::trace::subscriber(log);
        tracing::subscriber::with_default(subscriber, || tracing::debug!("::error::owned"));
    });
    assert!(!err.lines().any(|line| line.trim_start().starts_with("::")));
}

#[test]
fn what_happens_is_a_group_that_ends_with_the_next_line_of_another_kind() {
    let told = |audience| {
        let (out, err) = written(audience, false, |log| {
            log.mask(&secret("hunter2"));
            let subscriber = crate::runner::trace::live(log, None);
            tracing::subscriber::with_default(subscriber, || {
                tracing::info!("opened shop → prod hunter2");
                tracing::debug!("a request");
                tracing::info!("\n::endgroup::owned");
            });
            log.print("the report\n").unwrap();
            log.say(Level::Notice, "a notice");
        });
        format!("{out}{err}")
    };
    insta::assert_snapshot!(told(Audience::Runner), @r#"
    ::add-mask::hunter2
    ::group::What this run did, as it happened
    opened shop → prod ***
    \u{a}::endgroup::owned
    ::endgroup::
    the report
    notice: a notice
    "#);
    insta::assert_snapshot!(told(Audience::Terminal), @r#"
    the report
    opened shop → prod ***
    \u{a}::endgroup::owned
    notice: a notice
    "#);
}
