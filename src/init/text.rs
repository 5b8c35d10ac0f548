//! The proposal as text for people: what goes together, what does not and why, then the files.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::drafts::ManifestDraft;
use super::proposal::{Pair, Proposal, WORKFLOW_PATH};
use super::unpaired::{Unpaired, Why};
use crate::model::finding::Finding;
use crate::model::name::full_name;
use crate::model::text::counted;
use crate::report::escape::terminal;
use crate::report::findings;
use crate::report::style::{Style, pad};

/// How many services without an environment are listed one by one.
const MAX_LISTED: usize = 8;

/// How wide a column gets at most.
const WIDEST: usize = 40;

/// What is printed besides the proposal.
#[derive(Clone, Debug)]
pub(crate) struct Around<'a> {
    /// What was looked at.
    pub heading: String,
    /// How many services there are.
    pub services: usize,
    /// How many pipelines there are.
    pub pipelines: usize,
    /// What is wrong.
    pub findings: &'a [Finding],
    /// The files were saved.
    pub written: bool,
    /// The commands that come next: the one that checks, and the one that plans.
    pub next: [String; 2],
    /// Colour or none.
    pub style: Style,
}

/// The whole text.
pub(crate) fn text(proposal: &Proposal, around: &Around<'_>) -> String {
    let style = around.style;
    let mut text = format!(
        "{}   {}, {}\n",
        style.bold(&terminal(&around.heading)),
        counted(around.services, "service"),
        counted(around.pipelines, "pipeline"),
    );
    together(&mut text, &proposal.pairs, style);
    apart(&mut text, &proposal.unpaired, style);
    drafts(&mut text, &proposal.drafts, style);
    for file in &proposal.files {
        let what = match (around.written, file.exists) {
            (true, _) => "written",
            (false, true) => "already exists: cannot be written",
            (false, false) => "new",
        };
        let path = terminal(file.path.as_str());
        let _ = write!(text, "\n{}\n", style.bold(&format!("== {path} ({what})")));
        text.push_str(&file.content);
    }
    text.push('\n');
    if !around.findings.is_empty() {
        text.push_str(&findings::text(around.findings, style));
    }
    for note in &proposal.notes {
        let _ = writeln!(text, "{}", style.dim(&terminal(note)));
    }
    text.push_str(&ending(proposal, around));
    text
}

/// One line for each thing: its way through the environments.
fn together(text: &mut String, pairs: &[Pair], style: Style) {
    if pairs.is_empty() {
        return;
    }
    let mut by_name: BTreeMap<(&str, &str), Vec<&Pair>> = BTreeMap::new();
    for pair in pairs {
        by_name
            .entry((&pair.pipeline, &pair.name))
            .or_default()
            .push(pair);
    }
    let rows: Vec<[String; 3]> = by_name
        .iter()
        .map(|((pipeline, name), pairs)| [*name, &way(pairs), *pipeline].map(terminal))
        .collect();
    let widths = [0, 1].map(|column| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or_default().min(WIDEST)
    });
    let _ = write!(text, "\n{}\n", style.bold("Goes together"));
    for [name, way, pipeline] in &rows {
        let (name, way) = (pad(name, widths[0]), pad(way, widths[1]));
        let pipeline = style.dim(&format!("Pipeline {pipeline}"));
        let _ = writeln!(text, "  {name}  {way}  {pipeline}");
    }
}

/// `dev → qa → prod-eu, prod-us`; parallel ways one behind the other.
fn way(pairs: &[&Pair]) -> String {
    let targets: BTreeSet<&str> = pairs.iter().map(|pair| &*pair.to.stage).collect();
    let mut firsts: Vec<&str> = Vec::new();
    for pair in pairs {
        let from = &*pair.from.stage;
        if !targets.contains(from) && !firsts.contains(&from) {
            firsts.push(from);
        }
    }
    let ways: Vec<String> = firsts
        .into_iter()
        .map(|first| onward(first, pairs))
        .collect();
    ways.join("; ")
}

fn onward(from: &str, pairs: &[&Pair]) -> String {
    // Several of one name take the same way.
    let targets: BTreeSet<&str> = pairs
        .iter()
        .filter(|pair| pair.from.stage == from)
        .map(|pair| &*pair.to.stage)
        .collect();
    let next: Vec<String> = targets.into_iter().map(|to| onward(to, pairs)).collect();
    match &next[..] {
        [] => from.to_owned(),
        [one] => format!("{from} → {one}"),
        several if several.iter().any(|way| way.contains('→')) => {
            format!("{from} → ({})", several.join("; "))
        }
        several => format!("{from} → {}", several.join(", ")),
    }
}

fn apart(text: &mut String, unpaired: &[Unpaired], style: Style) {
    let (taken, rest): (Vec<&Unpaired>, Vec<&Unpaired>) = unpaired
        .iter()
        .partition(|left| left.kind == Why::InPipeline);
    if !rest.is_empty() {
        let _ = write!(text, "\n{}\n", style.bold("Not paired"));
    }
    let silent = rest
        .iter()
        .filter(|left| left.kind == Why::NoEnvironment)
        .count();
    let mut listed = 0;
    for left in rest {
        if left.kind == Why::NoEnvironment {
            listed += 1;
            if listed > MAX_LISTED {
                continue;
            }
        }
        let _ = writeln!(
            text,
            "  {} {}\n    {}",
            terminal(&place(left)),
            style.dim(&terminal(&shown(left))),
            terminal(&left.why)
        );
    }
    if silent > MAX_LISTED {
        let _ = writeln!(
            text,
            "  … and {} more without an environment: --format json lists all",
            silent - MAX_LISTED
        );
    }
    if taken.is_empty() {
        return;
    }
    let _ = write!(text, "\n{}\n", style.bold("Left out"));
    let mut by_why: BTreeMap<&str, Vec<&Unpaired>> = BTreeMap::new();
    for left in taken {
        by_why.entry(&left.why).or_default().push(left);
    }
    for (why, taken) in by_why {
        let _ = writeln!(text, "  {}", terminal(why));
        for left in taken {
            let _ = writeln!(
                text,
                "    {} {}",
                terminal(&place(left)),
                style.dim(&terminal(&shown(left)))
            );
        }
    }
}

fn shown(left: &Unpaired) -> String {
    full_name(left.namespace.as_deref(), &left.service)
}

fn place(left: &Unpaired) -> String {
    format!("{}:{}", left.place.file, left.place.line)
}

fn drafts(text: &mut String, drafts: &[ManifestDraft], style: Style) {
    if drafts.is_empty() {
        return;
    }
    let _ = write!(
        text,
        "\n{}\n",
        style.bold("Drafts for existing files: never written, add them by hand")
    );
    for draft in drafts {
        let place = match draft.line {
            Some(line) => format!("{}:{line}", draft.file),
            None => draft.file.to_string(),
        };
        let _ = write!(
            text,
            "\n  {}  {}\n",
            terminal(&place),
            terminal(&draft.what)
        );
        if !draft.text.is_empty() {
            let add = if draft.line.is_some() {
                "add to this criteria:"
            } else {
                "add:"
            };
            let _ = writeln!(text, "  {add}\n");
            for line in draft.text.lines() {
                let _ = writeln!(text, "{}", terminal(line));
            }
            text.push('\n');
        }
        if !draft.fields.is_empty() {
            let fields = super::manifest::list(draft.fields.iter().map(String::as_str));
            let _ = writeln!(
                text,
                "  and to {}:\n\n{}\n",
                super::POLICY_PATH,
                terminal(&format!("fields: {fields}"))
            );
        }
        for note in &draft.notes {
            let _ = writeln!(text, "  - {}", terminal(note));
        }
    }
}

fn ending(proposal: &Proposal, around: &Around<'_>) -> String {
    if proposal.files.is_empty() {
        return if around.services == 0 {
            "There is no ServiceDeployment here, so there is nothing to propose.\n".to_owned()
        } else if proposal.drafts.is_empty() {
            "There is nothing to propose.\n".to_owned()
        } else {
            "There is no file to propose.\n".to_owned()
        };
    }
    let files = counted(proposal.files.len(), "file");
    let the_files = match proposal.files.len() {
        1 => "the file".to_owned(),
        _ => format!("the {files}"),
    };
    let mut text = if around.written {
        format!("{files} written.")
    } else if around.findings.is_empty() {
        format!("Nothing was written: --write saves {the_files}.")
    } else {
        "Nothing was written, and --write would not work either: fix the problems first.".to_owned()
    };
    let workflow = proposal
        .files
        .iter()
        .any(|file| file.path.as_str() == WORKFLOW_PATH);
    if workflow {
        let _ = write!(
            text,
            " Check the branch in {WORKFLOW_PATH}, and fill in Sluice's commit."
        );
    }
    let [validate, plan] = &around.next;
    let _ = writeln!(text, " Then: {validate}, commit, {plan}.");
    text
}
