//! From byte offsets to lines and columns, in constant work per question: a file may be one line of four megabytes.

use super::model::Position;

/// Bytes between two remembered character counts.
const STEP: usize = 512;

/// Starts of lines, and character counts at regular offsets.
#[derive(Debug)]
pub struct Lines {
    starts: Vec<u32>,
    /// Characters before byte `STEP * i`; a character counts at its first byte.
    characters: Vec<u32>,
    /// Bytes of the byte order mark, which no column counts.
    mark: usize,
}

impl Lines {
    /// A line ends with `\n`, `\r\n` or a lone `\r`, as YAML has it. The source is at most `u32::MAX` bytes long.
    pub fn new(source: &str) -> Self {
        let bytes = source.as_bytes();
        let mut starts = vec![0];
        let mut characters = Vec::with_capacity(bytes.len() / STEP + 1);
        let mut count = 0_u32;
        for (at, byte) in bytes.iter().enumerate() {
            if at % STEP == 0 {
                characters.push(count);
            }
            count += u32::from(is_first_byte(*byte));
            if *byte == b'\n' || *byte == b'\r' && bytes.get(at + 1) != Some(&b'\n') {
                starts.push(to_u32(at + 1));
            }
        }
        let mark = if source.starts_with('\u{feff}') { 3 } else { 0 };
        Self {
            starts,
            characters,
            mark,
        }
    }

    /// The place of a byte.
    pub fn position_of(&self, source: &str, offset: usize) -> Position {
        let offset = offset.min(source.len());
        let line = self
            .starts
            .partition_point(|start| *start as usize <= offset);
        let mut start = self.start_of(offset);
        if start == 0 {
            start = self.mark.min(offset);
        }
        let column = self.characters_before(source, offset) - self.characters_before(source, start);
        Position {
            line: to_u32(line),
            column: column + 1,
        }
    }

    /// The byte offset of a line's start, without a byte order mark, and that of a position in it; `None` if there is
    /// no such line, or the file ends before the position. Whether the line itself is that long is not checked.
    pub fn offset_of(&self, source: &str, place: Position) -> Option<(usize, usize)> {
        let line = (place.line as usize).checked_sub(1)?;
        let mut start = *self.starts.get(line)? as usize;
        if start == 0 {
            start = self.mark;
        }
        let wanted = self.characters_before(source, start) + place.column.checked_sub(1)?;
        let known = self.characters.partition_point(|before| *before <= wanted);
        let from = known.saturating_sub(1);
        let mut left = wanted - self.characters.get(from)?;
        let bytes = source.as_bytes();
        for (at, byte) in bytes.iter().enumerate().skip(STEP * from) {
            #[cfg(feature = "count-steps")]
            super::steps::count();
            if is_first_byte(*byte) {
                match left.checked_sub(1) {
                    Some(rest) => left = rest,
                    None => return Some((start, at)),
                }
            }
        }
        (left == 0).then_some((start, bytes.len()))
    }

    /// Bytes that it takes itself.
    pub fn memory(&self) -> usize {
        (self.starts.capacity() + self.characters.capacity()) * size_of::<u32>()
    }

    /// The start of the line that holds a byte.
    pub fn start_of(&self, offset: usize) -> usize {
        let line = self
            .starts
            .partition_point(|start| *start as usize <= offset);
        self.starts
            .get(line.wrapping_sub(1))
            .map_or(0, |start| *start as usize)
    }

    /// A line by its number from 1, including its line break; empty if there is no such line.
    pub fn text<'s>(&self, source: &'s str, line: u32) -> &'s str {
        let at = (line as usize).wrapping_sub(1);
        let Some(start) = self.starts.get(at) else {
            return "";
        };
        let end = self
            .starts
            .get(at + 1)
            .map_or(source.len(), |end| *end as usize);
        source.get(*start as usize..end).unwrap_or_default()
    }

    fn characters_before(&self, source: &str, offset: usize) -> u32 {
        let Some(known) = self.characters.get(offset / STEP) else {
            // Only the end of a file whose length is a multiple of the step.
            let rest = &source.as_bytes()[(offset - offset.min(STEP))..offset];
            let before = self.characters.last().copied().unwrap_or(0);
            return before + count(rest);
        };
        known + count(&source.as_bytes()[offset - offset % STEP..offset])
    }
}

fn count(bytes: &[u8]) -> u32 {
    to_u32(bytes.iter().filter(|byte| is_first_byte(**byte)).count())
}

fn is_first_byte(byte: u8) -> bool {
    byte & 0b1100_0000 != 0b1000_0000
}

/// Offsets fit: the builder refuses files of more than `u32::MAX` bytes.
fn to_u32(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_offset_of_a_long_mixed_text_gets_the_line_and_column_that_counting_gives() {
        let mut source = String::from("\u{feff}a: 1\r\nb: é😀\rc\n\n");
        source.push_str(&"漢字 x".repeat(400));
        source.push_str("\nend");
        while source.len() % STEP != 0 {
            source.push('.');
        }
        let lines = Lines::new(&source);
        let (mut line, mut column) = (1, 1);
        let mut previous = '\0';
        for (offset, character) in source.char_indices() {
            if previous == '\n' || previous == '\r' && character != '\n' {
                (line, column) = (line + 1, 1);
            }
            if offset > 0 {
                let place = Position { line, column };
                let found = lines.offset_of(&source, place);
                assert_eq!(found.map(|(_, at)| at), Some(offset));
            }
            assert_eq!(
                lines.position_of(&source, offset),
                Position { line, column },
                "at byte {offset}"
            );
            if character != '\u{feff}' {
                column += 1;
            }
            previous = character;
        }
        assert_eq!(
            lines.position_of(&source, source.len()),
            Position { line, column }
        );
        assert_eq!(
            lines.position_of(&source, usize::MAX),
            Position { line, column }
        );
    }
}
