//! Ready mappings and path tables, as the files under `mappings/` have them: a name is enough to use one.

use crate::paths::PathTable;
use crate::problem::MappingErrors;

/// Names and texts of the ready mappings.
pub const MAPPINGS: &[(&str, &str)] = &[
    ("accounts-csv", include_str!("../../../mappings/accounts-csv.toml")),
    ("envoy-json", include_str!("../../../mappings/envoy-json.toml")),
    ("envoy-text", include_str!("../../../mappings/envoy-text.toml")),
    ("keys-csv", include_str!("../../../mappings/keys-csv.toml")),
    ("networks-csv", include_str!("../../../mappings/networks-csv.toml")),
    ("nginx-combined", include_str!("../../../mappings/nginx-combined.toml")),
    ("nginx-json", include_str!("../../../mappings/nginx-json.toml")),
    ("orders-csv", include_str!("../../../mappings/orders-csv.toml")),
    ("sessions-csv", include_str!("../../../mappings/sessions-csv.toml")),
    ("trades-csv", include_str!("../../../mappings/trades-csv.toml")),
    ("vendors-csv", include_str!("../../../mappings/vendors-csv.toml")),
];

/// Names and texts of the ready path tables.
pub const PATHS: &[(&str, &str)] = &[
    ("bithumb", include_str!("../../../mappings/paths/bithumb.toml")),
    ("coinone", include_str!("../../../mappings/paths/coinone.toml")),
    ("gopax", include_str!("../../../mappings/paths/gopax.toml")),
    ("korbit", include_str!("../../../mappings/paths/korbit.toml")),
    ("upbit", include_str!("../../../mappings/paths/upbit.toml")),
];

/// The text of a ready mapping.
#[must_use]
pub fn mapping(name: &str) -> Option<&'static str> {
    MAPPINGS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// A ready path table.
#[must_use]
pub fn paths(name: &str) -> Option<Result<PathTable, MappingErrors>> {
    let (_, text) = PATHS.iter().find(|(known, _)| *known == name)?;
    Some(PathTable::parse(&format!("mappings/paths/{name}.toml"), text))
}
