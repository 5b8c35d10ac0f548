//! Colour and width of what is printed. Decided once, at the edge.

/// The columns of text that is not printed to a terminal.
const WIDTH: usize = 80;
/// A narrower terminal breaks lines itself.
const MIN_WIDTH: usize = 60;
/// Longer lines are hard to read.
const MAX_WIDTH: usize = 120;

/// How to print.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// Colour is on.
    pub colour: bool,
    /// The columns of the terminal, if it is one.
    pub columns: Option<usize>,
}

impl Style {
    /// The columns of a line.
    pub fn width(self) -> usize {
        self.columns
            .map_or(WIDTH, |columns| columns.clamp(MIN_WIDTH, MAX_WIDTH))
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colour {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    /// Something to look at first.
    pub fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// Something that needs no look.
    pub fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    /// Something wrong.
    pub fn red(self, text: &str) -> String {
        self.paint("31", text)
    }

    /// Something fine.
    pub fn green(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// Something that waits.
    pub fn yellow(self, text: &str) -> String {
        self.paint("33", text)
    }
}

/// Pads to a width in characters; longer text stays whole.
pub fn pad(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(text.chars().count());
    format!("{text}{}", " ".repeat(missing))
}

#[cfg(test)]
mod tests {
    use super::Style;

    #[test]
    fn lines_are_as_wide_as_the_terminal_within_limits() {
        for (columns, expected) in [
            (None, 80),
            (Some(20), 60),
            (Some(80), 80),
            (Some(100), 100),
            (Some(300), 120),
        ] {
            let style = Style {
                colour: false,
                columns,
            };
            assert_eq!(style.width(), expected, "{columns:?}");
        }
    }
}
