//! The edits of a file, as the bytes that they exchange.

use std::collections::HashMap;

use super::request::NewValue;
use super::splice::Splice;
use crate::syntax::NodeId;

/// All that is going to be changed: as bytes, and as what the trees may differ in.
#[derive(Default)]
pub(crate) struct Plan<'a> {
    /// In order, without overlaps.
    pub splices: Vec<Splice>,
    /// New texts of scalars (and of aliases that become one).
    pub values: HashMap<NodeId, NewValue<'a>>,
    /// New entries at the end of mappings, or below a null.
    pub inserts: HashMap<NodeId, Vec<(&'a str, NewValue<'a>)>>,
    pub(super) lines: Vec<u32>,
}
