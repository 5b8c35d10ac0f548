//! Workflow commands: how a line of the log instructs the runner (`::error file=a,line=1::text`).

use super::redact::Redactor;
use crate::model::finding::{Finding, Severity};
use crate::model::source_location::SourceLocation;
use crate::model::text::cut;
use crate::report::escape::terminal;

/// How much a line of the log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Level {
    /// Only shown when debugging.
    Debug,
    /// What happens.
    Info,
    /// Worth a look.
    Notice,
    /// Something may be wrong.
    Warning,
    /// Something is wrong.
    Error,
}

impl Level {
    /// The word in front of a line, and the name of the runner's command.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Begins a group of lines, which the runner shows folded.
pub(super) fn group(title: &str) -> String {
    format!("::group::{}", data(&inert(title)))
}

/// Ends a group of lines.
pub(super) const END_GROUP: &str = "::endgroup::";

/// Something that GitHub shows beside the run, and beside a line of a file if it is about one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Annotation {
    /// How much it matters: a notice, a warning or an error; anything less is a line of the log.
    pub level: Level,
    /// The line that it is about.
    pub place: Option<SourceLocation>,
    /// The message; may be foreign text.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl Annotation {
    /// About no file.
    pub(crate) fn new(level: Level, message: impl Into<String>) -> Self {
        Self {
            level,
            place: None,
            message: message.into(),
            help: None,
        }
    }

    /// Without registered secrets: before it is escaped, because that changes what a secret looks like.
    pub(super) fn redacted(self, redactor: &Redactor) -> Self {
        Self {
            level: self.level,
            place: self.place.map(|place| SourceLocation {
                file: redactor.redact(place.file.as_str()).into(),
                ..place
            }),
            message: redactor.redact(&self.message),
            help: self.help.map(|help| redactor.redact(&help)),
        }
    }

    /// For people, in one line.
    pub(super) fn line(&self) -> String {
        let place = self
            .place
            .as_ref()
            .map(|place| format!("{place}: "))
            .unwrap_or_default();
        let help = self
            .help
            .as_ref()
            .map(|help| format!(" (help: {help})"))
            .unwrap_or_default();
        format!("{place}{}{help}", self.message)
    }

    /// For the runner, which cuts a message at 4,096 characters.
    pub(super) fn command(&self) -> String {
        const MAX_LENGTH: usize = 4000;
        let mut properties = String::new();
        if let Some(place) = &self.place {
            properties = format!(
                " file={},line={},col={}",
                property(&inert(place.file.as_str())),
                place.line,
                place.column
            );
        }
        let mut message = inert(&self.message);
        if let Some(help) = &self.help {
            message.push_str("\nhelp: ");
            message.push_str(&inert(help));
        }
        let message = cut(&message, MAX_LENGTH);
        format!("::{}{properties}::{}", self.level.word(), data(&message))
    }
}

impl From<&Finding> for Annotation {
    fn from(finding: &Finding) -> Self {
        Self {
            level: match finding.severity {
                Severity::Error => Level::Error,
                Severity::Warning => Level::Warning,
            },
            place: Some(finding.place.clone()),
            message: format!("{}: {}", finding.code, finding.message),
            help: finding.help.clone(),
        }
    }
}

/// Tells the runner to print `***` instead of each line of a secret.
pub(super) fn add_mask(secret: &str) -> Vec<String> {
    secret
        .split(['\n', '\r'])
        .filter(|line| !line.is_empty())
        .map(|line| format!("::add-mask::{}", data(line)))
        .collect()
}

/// A line for debugging.
pub(super) fn debug(message: &str) -> String {
    format!("::debug::{}", data(&inert(message)))
}

/// Foreign text as one visible line in which the runner does not find its older commands, which it looks for anywhere.
pub(super) fn inert(text: &str) -> String {
    terminal(text).replace("##[", "##\u{200b}[")
}

/// The value of a command, as the runner reads it back.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A property of a command, as the runner reads it back.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::source_location::Position;

    fn at(file: &str) -> Option<SourceLocation> {
        let at = Position {
            line: 9,
            column: 10,
        };
        Some(SourceLocation::new(&file.into(), at))
    }

    #[test]
    fn an_annotation_points_at_its_line() {
        let annotation = Annotation {
            place: at("clusters/prod/old.yaml"),
            help: Some("sluice validate --fix pins it".to_owned()),
            ..Annotation::new(Level::Warning, "target-moves: prod follows `master`, 100%")
        };
        assert_eq!(
            annotation.command(),
            "::warning file=clusters/prod/old.yaml,line=9,col=10::target-moves: prod follows `master`, 100%25%0Ahelp: sluice validate --fix pins it"
        );
        assert_eq!(
            annotation.line(),
            "clusters/prod/old.yaml:9:10: target-moves: prod follows `master`, 100% (help: sluice validate --fix pins it)"
        );
    }

    #[test]
    fn a_hostile_annotation_is_one_command() {
        let hostile = "a,b:c%0A\n::stop-commands::x\r##[error]\u{202e}\u{2028}";
        let annotation = Annotation {
            place: at(hostile),
            ..Annotation::new(Level::Error, hostile)
        };
        insta::assert_snapshot!(annotation.command().replace('\u{200b}', "·"), @r"
    ::error file=a%2Cb%3Ac%250A\u{a}%3A%3Astop-commands%3A%3Ax\u{d}##·[error]\u{202e}\u{2028},line=9,col=10::a,b:c%250A\u{a}::stop-commands::x\u{d}##·[error]\u{202e}\u{2028}
    ");
    }

    #[test]
    fn a_message_is_cut_before_the_runner_cuts_it() {
        let command = Annotation::new(Level::Notice, "é".repeat(5000)).command();
        assert_eq!(command.chars().count(), "::notice::".len() + 4000);
        assert!(command.ends_with("é…"));
    }

    #[test]
    fn each_line_of_a_secret_is_masked_as_it_is() {
        assert_eq!(
            add_mask("one%0A\r\n\ntwo:,\u{202e}"),
            ["::add-mask::one%250A", "::add-mask::two:,\u{202e}"]
        );
        assert!(add_mask("").is_empty());
    }
}
