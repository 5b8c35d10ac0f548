//! Colour, for a terminal only.

/// Whether to use colour. Decided once, at the edge.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// Colour is on.
    pub colour: bool,
}

impl Style {
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
