//! Findings as text, as a compiler shows them: what is wrong, where, the line with a mark below it, what to do.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};

use super::escape::terminal;
use super::style::Style;
use crate::model::finding::{Finding, Severity};
use crate::model::hidden::is_hidden;
use crate::model::source_line::SourceLine;
use crate::model::source_location::SourceLocation;
use crate::model::text::counted;

/// Findings, one block each, errors and warnings in the order of their places.
pub(crate) fn text(findings: &[Finding], style: Style) -> String {
    let renderer = match style.colour {
        true => Renderer::styled(),
        false => Renderer::plain(),
    };
    findings
        .iter()
        .map(|finding| format!("{}\n\n", block(finding, &renderer)))
        .collect()
}

fn block(finding: &Finding, renderer: &Renderer) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level
        .primary_title(terminal(&finding.message))
        .id(finding.code);
    let SourceLocation { file, line, column } = &finding.place;
    let file = terminal(file.as_str());
    let (line, column) = (*line as usize, *column as usize);
    let origin = |file| Origin::path(file).line(line).char_column(column);
    let group = match finding.line.as_ref().map(shown) {
        Some((text, marked)) => {
            // The renderer counts the column in the text that it is given.
            let is_column = text[..marked.start].chars().count() + 1 == column;
            let snippet = Snippet::source(text)
                .line_start(line)
                .fold(false)
                .annotation(AnnotationKind::Primary.span(marked));
            match is_column {
                true => title.element(snippet.path(file)),
                false => title.element(origin(file)).element(snippet),
            }
        }
        None => title.element(origin(file)),
    };
    let help = finding.help.as_deref();
    let help = help.map(|help| Level::HELP.message(terminal(help)));
    let text = renderer.render(&[group.elements(help)]);
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n")
}

/// The line as it may be shown on a terminal, and the bytes of it that are marked.
fn shown(line: &SourceLine) -> (String, Range<usize>) {
    let mut text = String::new();
    if line.cut_before {
        text.push('…');
    }
    let (first, length) = line.marked;
    let mut marked = 0..0;
    for (at, c) in line.text.chars().chain([' ']).enumerate() {
        if at == first {
            marked.start = text.len();
        }
        if at == first + length {
            marked.end = text.len();
        }
        match c {
            '\t' => text.push_str("    "),
            c if is_hidden(c) => text.extend(c.escape_unicode()),
            c => text.push(c),
        }
    }
    // The blank at the end only gave a place behind it its end.
    text.truncate(text.trim_end().len().max(marked.end));
    if line.cut_after {
        text.push('…');
    }
    (text, marked)
}

/// "2 errors, 1 warning", or "no findings".
pub(crate) fn count(findings: &[Finding]) -> String {
    let of = |severity| {
        findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count()
    };
    let parts: Vec<String> = [
        (of(Severity::Error), "error"),
        (of(Severity::Warning), "warning"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, word)| counted(number, word))
    .collect();
    if parts.is_empty() {
        "no findings".to_owned()
    } else {
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::Stops;
    use crate::model::source_line::SourceLines;
    use crate::model::source_location::Position;

    fn finding(line: &str, column: u32) -> Finding {
        let place = SourceLocation {
            file: "clusters/prod/web.yaml".into(),
            line: 9,
            column,
        };
        let lines = SourceLines::of(line.as_bytes()).unwrap();
        let found = lines.at(Position { line: 1, column });
        let mut finding =
            Finding::warning("target-moves", place, "prod follows `main` automatically");
        finding.line = found;
        finding.help("sluice validate --fix pins it")
    }

    fn plain(findings: &[Finding]) -> String {
        text(findings, Style::default())
    }

    #[test]
    fn the_line_is_shown_with_a_mark_below_it() {
        insta::assert_snapshot!(plain(&[finding("    ref: main   # moves", 10)]), @r"
        warning[target-moves]: prod follows `main` automatically
         --> clusters/prod/web.yaml:9:10
          |
        9 |     ref: main   # moves
          |          ^^^^
          |
          = help: sluice validate --fix pins it
        ");
    }

    #[test]
    fn without_a_line_the_place_is_named() {
        let place = SourceLocation {
            file: "a.yaml".into(),
            line: 3,
            column: 2,
        };
        let error = Finding::error("cycle", place, "dev → prod → dev", Stops::Nothing);
        insta::assert_snapshot!(plain(&[error]), @r"
        error[cycle]: dev → prod → dev
        --> a.yaml:3:2
        ");
    }

    #[test]
    fn what_a_line_holds_does_nothing_to_a_terminal_and_the_mark_stays_where_it_belongs() {
        let lines = [
            finding("ref: \u{1b}[31m\u{202e}main", 12),
            finding("\tref:\tmain", 7),
            finding("größe: [東京, main]", 13),
            finding("ref:", 5),
            finding(
                &format!("a: {}main{}", "x ".repeat(100), " y".repeat(100)),
                204,
            ),
        ];
        let text = plain(&lines);
        assert!(!text.contains(['\u{1b}', '\u{202e}', '\t']), "{text}");
        insta::assert_snapshot!(text, @r"
        warning[target-moves]: prod follows `main` automatically
         --> clusters/prod/web.yaml:9:12
          |
         :::
        9 | ref: \u{1b}[31m\u{202e}main
          |                        ^^^^
          |
          = help: sluice validate --fix pins it

        warning[target-moves]: prod follows `main` automatically
         --> clusters/prod/web.yaml:9:7
          |
         :::
        9 |     ref:    main
          |             ^^^^
          |
          = help: sluice validate --fix pins it

        warning[target-moves]: prod follows `main` automatically
         --> clusters/prod/web.yaml:9:13
          |
        9 | größe: [東京, main]
          |               ^^^^
          |
          = help: sluice validate --fix pins it

        warning[target-moves]: prod follows `main` automatically
         --> clusters/prod/web.yaml:9:5
          |
        9 | ref:
          |     ^
          |
          = help: sluice validate --fix pins it

        warning[target-moves]: prod follows `main` automatically
         --> clusters/prod/web.yaml:9:204
          |
         :::
        9 | …x x x x x x x x x x x x x x x x x x x x x x x x x main y y y y y y y y y y y y y y y y y y…
          |                                                    ^^^^
          |
          = help: sluice validate --fix pins it
        ");
    }

    #[test]
    fn colour_is_for_whoever_asks_for_it() {
        let lines = [finding("    ref: main", 10)];
        assert!(
            text(
                &lines,
                Style {
                    colour: true,
                    columns: None
                }
            )
            .contains("\u{1b}[")
        );
        assert!(!plain(&lines).contains('\u{1b}'));
    }
}
