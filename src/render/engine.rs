//! The one template engine: escapes by default, reaches nothing outside, and stops in time (A16).

use std::io;

use minijinja::{Environment, ErrorKind, UndefinedBehavior, Value};
use serde::Serialize;

use crate::model::text::cut;
use crate::report::escape;

/// A template that could not be rendered. Of a built-in template this is a defect of Sluice.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {name} could not be written: {why}")]
pub(crate) struct RenderError {
    /// Which text.
    pub name: &'static str,
    /// Why, in the engine's words.
    pub why: String,
    /// Whether it is because a name does not exist.
    pub undefined: bool,
}

/// How a value is escaped when a template prints it.
#[derive(Clone, Copy)]
pub(super) enum Escape {
    /// Markdown in which each text is cut to this many characters.
    Markdown(usize),
    /// Nothing yet: the whole result is escaped afterwards.
    Later,
}

/// Bounds of one rendering.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    /// Steps of the engine.
    pub fuel: u64,
    /// Bytes of the result.
    pub bytes: usize,
}

/// Renders a template over a context.
pub(super) fn render(
    name: &'static str,
    source: &str,
    context: impl Serialize,
    escape: Escape,
    bounds: Bounds,
) -> Result<String, RenderError> {
    let failed = |why: String, undefined: bool| RenderError {
        name,
        why,
        undefined,
    };
    let environment = environment(escape, bounds.fuel);
    let mut capped = Capped {
        text: Vec::new(),
        most: bounds.bytes,
    };
    environment
        .template_from_named_str(name, source)
        .and_then(|template| template.render_captured_to(context, &mut capped).map(drop))
        .map_err(|error| failed(words(&error), error.kind() == ErrorKind::UndefinedError))?;
    String::from_utf8(capped.text).map_err(|error| failed(error.to_string(), false))
}

/// Nothing that a template could reach: no loader, no includes, no functions; filters that only look at their value.
fn environment(escape: Escape, fuel: u64) -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(fuel));
    environment.set_recursion_limit(50);
    environment.set_debug(false);
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.set_formatter(move |out, _, value| {
        match escape {
            Escape::Markdown(most) if !value.is_safe() => {
                out.write_str(&escape::markdown(&cut(&value.to_string(), most)))?;
            }
            _ => out.write_str(&value.to_string())?,
        }
        Ok(())
    });
    match escape {
        Escape::Markdown(most) => {
            let safe = move |escape: fn(&str) -> String| {
                move |text: &str| Value::from_safe_string(escape(&cut(text, most)))
            };
            environment.add_filter("code", safe(escape::markdown_code));
            environment.add_filter("table_code", safe(escape::table_code));
            environment.add_filter("prose", safe(escape::prose));
            environment.add_filter("html", safe(escape::html));
        }
        Escape::Later => {
            environment.add_filter("upper", |text: &str| text.to_uppercase());
            environment.add_filter("lower", |text: &str| text.to_lowercase());
        }
    }
    environment
}

/// The engine's error in one line, without the values that a template looked at.
fn words(error: &minijinja::Error) -> String {
    let what = match error.kind() {
        ErrorKind::OutOfFuel => "it takes too long".to_owned(),
        ErrorKind::WriteFailure => "it becomes too long".to_owned(),
        ErrorKind::UndefinedError => "it uses a name that does not exist".to_owned(),
        kind => kind.to_string(),
    };
    match (error.detail(), error.line()) {
        (Some(detail), Some(line)) if line > 1 => format!("{what}: {detail} (line {line})"),
        (Some(detail), _) => format!("{what}: {detail}"),
        (None, _) => what,
    }
}

/// Accepts this many bytes and no more.
struct Capped {
    text: Vec<u8>,
    most: usize,
}

impl io::Write for Capped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.text.len() + bytes.len() > self.most {
            return Err(io::Error::other("the text is too long"));
        }
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(source: &str) -> Result<String, RenderError> {
        let context = minijinja::context! { name => "<b>@x|y" };
        let bounds = Bounds {
            fuel: 1000,
            bytes: 100,
        };
        render("sample", source, context, Escape::Markdown(20), bounds)
    }

    #[test]
    fn a_value_is_escaped_unless_a_filter_escaped_it() {
        let text = rendered("{{ name }} {{ name | code }} {{ name | html }}").unwrap();
        assert_eq!(
            text.replace('\u{200b}', "·"),
            "&lt;b&gt;@·x&#124;y `<b>@·x|y` &lt;b&gt;@·x&#124;y"
        );
    }

    #[test]
    fn a_template_reaches_nothing_and_ends() {
        for (source, why) in [
            ("{% for x in range(9) %}{% endfor %}", "unknown function"),
            ("{% include 'x' %}", "syntax error"),
            ("{{ missing }}", "does not exist"),
            ("{{ name.missing }}", "does not exist"),
            ("{{ debug() }}", "unknown function"),
            ("{{ name | safe }}", "unknown filter"),
        ] {
            let error = rendered(source).unwrap_err().to_string();
            assert!(error.contains(why), "{source}: {error}");
        }
        let long = "{{ name }}".repeat(50);
        assert!(rendered(&long).unwrap_err().why.contains("too long"));
        let loops = "{% set l = [1,2,3,4,5,6,7,8,9] %}{% for a in l %}{% for b in l %}{% for c in l %}{% for d in l %}{% endfor \
                     %}{% endfor %}{% endfor %}{% endfor %}";
        assert!(rendered(loops).unwrap_err().why.contains("takes too long"));
    }
}
