//! The files that the contract is loaded from.

/// The text of a file below `contract`.
pub fn contract_file(name: &str) -> String {
    let path = format!("{}/contract/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("cannot read {path}: {error}"))
}
