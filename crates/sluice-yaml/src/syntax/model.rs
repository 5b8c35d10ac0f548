//! The types of the syntax tree, and the compact records that the arena keeps of them.

use std::fmt;

/// What one node adds to [`Limits::expansion`] besides its text.
pub(super) const NODE_WEIGHT: usize = 16;

/// A place in a file, as an editor shows it. The default is the file's first character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// From 1.
    pub line: u32,
    /// From 1, in characters (Unicode scalar values). A byte order mark is not counted.
    pub column: u32,
}

impl Default for Position {
    fn default() -> Self {
        Self { line: 1, column: 1 }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Bytes of a file, half-open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// Behind the last byte.
    pub end: usize,
}

/// What a file may cost before it is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Size of the file in bytes.
    pub bytes: usize,
    /// Nesting of collections, aliases followed.
    pub depth: usize,
    /// Number of nodes as written.
    pub nodes: usize,
    /// Number of documents.
    pub documents: usize,
    /// Comments in one run between two nodes: they are held in memory until the next node is known.
    pub comment_run: usize,
    /// What all aliases together would add if each were written out: bytes of text, and 16 for every node.
    pub expansion: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 4 << 20,
            depth: 128,
            nodes: 1_000_000,
            documents: 100_000,
            comment_run: 200_000,
            expansion: 8 << 20,
        }
    }
}

/// Why a file could not be read as YAML.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{position}: {message}")]
pub struct SyntaxError {
    /// What a caller can branch on.
    pub kind: SyntaxErrorKind,
    /// Its position.
    pub position: Position,
    /// What is wrong there, without the place.
    pub message: String,
}

/// The kinds of [`SyntaxError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SyntaxErrorKind {
    /// The bytes are not UTF-8.
    NotUtf8,
    /// More bytes, nodes or comments than the limits allow.
    TooLarge,
    /// Nested deeper than the limits allow.
    TooDeep,
    /// Aliases that would expand beyond the limits, or without end.
    TooManyAliases,
    /// U+0085, U+2028 or U+2029 outside quotes: a line break in YAML 1.1, a letter in YAML 1.2.
    AmbiguousLineBreak,
    /// Not YAML.
    Broken,
}

impl SyntaxErrorKind {
    /// Whether the file was refused for what it would cost or could mean, not because it is not YAML.
    pub fn is_limit(self) -> bool {
        match self {
            Self::TooLarge | Self::TooDeep | Self::TooManyAliases | Self::AmbiguousLineBreak => {
                true
            }
            Self::NotUtf8 | Self::Broken => false,
        }
    }
}

/// A node of one [`Stream`](super::Stream). Ids grow in the order of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(super) u32);

impl NodeId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// One document of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its content; `None` for an empty document.
    pub root: Option<NodeId>,
    /// From its `---` (or its content, if there is none) to the next document's start or the end of the file.
    pub span: Span,
    /// The start of the content, or of the document if there is none.
    pub position: Position,
    /// From 0.
    pub index: usize,
}

/// A view of one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node<'a> {
    /// What it is and holds.
    pub kind: NodeKind<'a>,
    /// Its bytes, without anchor and tag. A block scalar begins with its `|` or `>`; a value that is not written at all
    /// is empty, after its colon, dash, anchor or tag.
    pub span: Span,
    /// The name behind `&`.
    pub anchor: Option<&'a str>,
    /// The tag, written out: `!!str` is `tag:yaml.org,2002:str`, a local tag `!name`.
    pub tag: Option<&'a str>,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind<'a> {
    /// Text. Plain text is as written (`1.10` stays `1.10`, nothing at all is empty), all other is decoded.
    Scalar {
        /// The text.
        value: &'a str,
        /// How it is written.
        style: ScalarStyle,
    },
    /// A list.
    Sequence(&'a [NodeId]),
    /// Keys and values in their order, duplicates and `<<` included.
    Mapping(&'a [Entry]),
    /// `*name`, and the node that it refers to.
    Alias(NodeId),
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScalarStyle {
    /// Without quotes.
    Plain,
    /// `'…'`
    SingleQuoted,
    /// `"…"`
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

/// A key and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key: mostly a scalar, but YAML allows every node.
    pub key: NodeId,
    /// The value.
    pub value: NodeId,
}

/// A key that its mapping already has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuplicateKey {
    /// The position of the key's duplicate.
    pub position: Position,
    /// The key.
    pub key: String,
}

/// The parts of a `|` or `>` scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// `|` or `>` with its indicators, such as `|2-`.
    pub header: Span,
    /// Whole lines of the content from the line behind the header, blank lines at the end included. It ends at the
    /// start of a line or at the end of the file.
    pub content: Span,
    /// Blanks before the content's text; `None` if there is no content.
    pub indent: Option<usize>,
}

/// What the arena keeps of a node: 28 bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    pub kind: RecordKind,
    pub start: u32,
    pub end: u32,
    /// Index into the stream's properties plus one; 0 for none.
    pub properties: u32,
    pub flags: u8,
}

impl Record {
    pub(super) fn span(&self) -> Span {
        Span {
            start: self.start as usize,
            end: self.end as usize,
        }
    }
}

pub(super) mod flag {
    pub(crate) const IN_FLOW: u8 = 1;
    pub(crate) const BRACKETED: u8 = 2;
    pub(crate) const EXPLICIT_KEY: u8 = 4;
    pub(crate) const EMPTY: u8 = 8;
}

#[derive(Clone, Copy, Debug)]
pub(super) enum RecordKind {
    Scalar { style: ScalarStyle, text: Text },
    Sequence { first: u32, len: u32 },
    Mapping { first: u32, len: u32 },
    Alias { target: NodeId },
}

/// The storage of the decoded text of a scalar: mostly the file itself.
#[derive(Clone, Copy, Debug)]
pub(super) enum Text {
    /// Exactly as written.
    Written,
    /// As written between quotes.
    Inside,
    /// Decoded, in the stream's texts.
    Stored(u32),
}

/// Anchor and tag with the places of their tokens. Few nodes have any.
#[derive(Clone, Debug, Default)]
pub(super) struct Properties {
    pub anchor: Option<(Box<str>, Span)>,
    pub tag: Option<(Box<str>, Span)>,
}

impl Properties {
    pub(super) fn spans(&self) -> impl Iterator<Item = Span> {
        let anchor = self.anchor.as_ref().map(|(_, span)| *span);
        let tag = self.tag.as_ref().map(|(_, span)| *span);
        anchor.into_iter().chain(tag)
    }
}
