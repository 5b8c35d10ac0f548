//! Foreign text on its way out: one function per destination.

mod markdown;
mod text;

pub(crate) use markdown::{html, markdown, markdown_code, prose, table_code};
pub(crate) use text::{commit, json, mermaid, shell, terminal};
