//! The OpenAPI document: checked in, complete, and readable by others.

use std::collections::BTreeSet;
use std::path::Path;
use sumun_server::access;

#[test]
fn the_checked_in_document_is_the_present_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let present = sumun_server::openapi();
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, &present).unwrap();
    }
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        checked_in == present,
        "docs/openapi.json is not what the code says; run `UPDATE_OPENAPI=1 cargo test -p sumun-server` and look at the difference"
    );
}

#[test]
fn every_row_of_the_table_is_an_operation_and_the_reverse() {
    let document: serde_json::Value = serde_json::from_str(&sumun_server::openapi()).unwrap();
    let mut operations = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap().to_owned();
            assert!(operations.insert((id, method.to_uppercase(), path.clone())));
        }
    }
    let rows = access::ALL
        .iter()
        .map(|row| (row.id.to_owned(), row.method.as_str().to_owned(), row.path.to_owned()))
        .collect();
    assert_eq!(operations, rows);
}

#[test]
fn every_reference_leads_somewhere() {
    let text = sumun_server::openapi();
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    for reference in text.split("\"$ref\": \"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
}
