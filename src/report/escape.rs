//! Foreign text on its way out: one function per destination.

mod markdown;
mod text;

pub(crate) use markdown::{html, markdown, markdown_code, prose, table_code};
pub(crate) use text::{chat, commit, json, mermaid, shell, terminal};
