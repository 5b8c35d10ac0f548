//! The files in which the runner takes outputs and the step summary. `GITHUB_ENV` and `GITHUB_PATH` change what
//! later steps run; they are never written.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::environment::Environment;
use super::log::Log;

/// The runner's files. One that it did not name is not written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files {
    output: Option<PathBuf>,
    summary: Option<PathBuf>,
}

impl Files {
    /// The files that the environment names.
    pub(crate) fn of(environment: &Environment) -> Self {
        let path = |name: &str| environment.get(name).map(PathBuf::from);
        Self {
            output: path("GITHUB_OUTPUT"),
            summary: path("GITHUB_STEP_SUMMARY"),
        }
    }

    /// Adds outputs. Values may have several lines; registered secrets are removed from them. `random` must be new each
    /// time: anyone who knew it could end a value early and write outputs of their own.
    pub(crate) fn write_outputs<'a>(
        &self,
        outputs: impl IntoIterator<Item = (&'a str, String)>,
        random: [u8; 16],
        log: &Log,
    ) -> io::Result<()> {
        let Some(path) = &self.output else {
            return Ok(());
        };
        let digits: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let delimiter = format!("sluice_{digits}");
        let mut text = String::new();
        for (name, value) in outputs {
            text.push_str(&entry(name, &log.redact(&value), &delimiter)?);
        }
        append(path, &text)
    }

    /// Adds to the step summary; registered secrets are removed from it.
    pub(crate) fn write_summary(&self, markdown: &str, log: &Log) -> io::Result<()> {
        match &self.summary {
            Some(path) => append(path, &log.redact(markdown)),
            None => Ok(()),
        }
    }

    /// Sixteen random bytes of the operating system.
    pub(crate) fn random() -> io::Result<[u8; 16]> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        Ok(bytes)
    }
}

fn entry(name: &str, value: &str, delimiter: &str) -> io::Result<String> {
    let mut characters = name.bytes();
    let first = characters
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    if !first || !characters.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    {
        return Err(io::Error::other(format!(
            "`{name}` is not the name of an output"
        )));
    }
    if value.contains(delimiter) {
        return Err(io::Error::other(format!(
            "the output `{name}` contains its own delimiter"
        )));
    }
    Ok(format!("{name}<<{delimiter}\n{value}\n{delimiter}\n"))
}

/// Adds whole lines to the end of a file, after a line that someone left unterminated.
fn append(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .open(path)?;
    let mut whole = String::with_capacity(text.len() + 2);
    if !ends_a_line(&mut file)? {
        whole.push('\n');
    }
    whole.push_str(text);
    if !text.is_empty() && !text.ends_with('\n') {
        whole.push('\n');
    }
    file.write_all(whole.as_bytes())
}

fn ends_a_line(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last[0] == b'\n')
}

#[cfg(test)]
mod tests {
    use std::fs;

    use secrecy::SecretString;

    use super::super::log::Audience;
    use super::*;

    fn log() -> Log {
        Log::new(Audience::Terminal, false, io::sink(), io::sink())
    }

    fn files(folder: &Path) -> Files {
        let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        Files::of(
            &[
                ("GITHUB_OUTPUT", path("output")),
                ("GITHUB_STEP_SUMMARY", path("summary")),
                ("GITHUB_ENV", path("env")),
                ("GITHUB_PATH", path("path")),
            ]
            .into_iter()
            .collect(),
        )
    }

    /// What the runner reads from the file of outputs.
    fn read_back(text: &str) -> Vec<(String, String)> {
        let mut outputs = Vec::new();
        let mut lines = text.split('\n');
        while let Some(line) = lines.next() {
            if line.is_empty() {
                continue;
            }
            let (name, delimiter) = line.split_once("<<").unwrap();
            let value: Vec<&str> = lines
                .by_ref()
                .take_while(|line| *line != delimiter)
                .collect();
            outputs.push((name.to_owned(), value.join("\n")));
        }
        outputs
    }

    #[test]
    fn outputs_are_added_and_read_back_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let files = files(folder.path());
        fs::write(folder.path().join("output"), "left=open").unwrap();
        let hostile = "a\nb=c\nd<<EOF\n::set-output name=x::y\nEOF\n".to_owned();
        let outputs = [
            ("changed", "true".to_owned()),
            ("plan", hostile.clone()),
            ("report", String::new()),
        ];
        files
            .write_outputs(outputs.clone(), Files::random().unwrap(), &log())
            .unwrap();
        files
            .write_outputs([("matrix", "{}".to_owned())], [7; 16], &log())
            .unwrap();
        let text = fs::read_to_string(folder.path().join("output")).unwrap();
        let text = text.strip_prefix("left=open\n").unwrap();
        let mut expected: Vec<(String, String)> = outputs
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        expected.push(("matrix".to_owned(), "{}".to_owned()));
        assert_eq!(read_back(text), expected);
        assert!(text.ends_with("matrix<<sluice_07070707070707070707070707070707\n{}\nsluice_07070707070707070707070707070707\n"));
        assert!(!folder.path().join("env").exists() && !folder.path().join("path").exists());
    }

    #[test]
    fn a_value_cannot_end_early_and_a_name_is_a_name() {
        let folder = tempfile::tempdir().unwrap();
        let files = files(folder.path());
        let write = |name: &str, value: &str| {
            files.write_outputs([(name, value.to_owned())], [0; 16], &log())
        };
        assert!(
            write(
                "plan",
                "x\nsluice_00000000000000000000000000000000\nchanged=true"
            )
            .is_err()
        );
        for name in ["", "1a", "a b", "a=b", "a\nb", "-a", "é"] {
            assert!(write(name, "x").is_err(), "{name:?}");
        }
        assert!(!folder.path().join("output").exists(), "all or nothing");
        assert_ne!(Files::random().unwrap(), Files::random().unwrap());
    }

    #[test]
    fn the_summary_is_added_in_whole_lines_without_secrets() {
        let folder = tempfile::tempdir().unwrap();
        let files = files(folder.path());
        let log = log();
        log.mask(&SecretString::from("hunter2"));
        files.write_summary("### Sluice hunter2", &log).unwrap();
        files.write_summary("again\n", &log).unwrap();
        assert_eq!(
            fs::read_to_string(folder.path().join("summary")).unwrap(),
            "### Sluice ***\nagain\n"
        );
        files
            .write_outputs([("plan", "hunter2".to_owned())], [1; 16], &log)
            .unwrap();
        assert!(
            !fs::read_to_string(folder.path().join("output"))
                .unwrap()
                .contains("hunter2")
        );
    }

    #[test]
    fn without_a_runner_nothing_is_written() {
        let files = Files::of(&Environment::default());
        files
            .write_outputs([("plan", "x".to_owned())], [0; 16], &log())
            .unwrap();
        files.write_summary("x", &log()).unwrap();
    }
}
