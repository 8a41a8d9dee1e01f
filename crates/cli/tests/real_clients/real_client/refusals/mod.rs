//! Every reason code a client can cause, caused; what was answered, what libraries made of it, what is on record.
//!
//! `raw` causes each by hand-made requests and looks at the bytes; `libraries` causes what a library can cause by
//! itself. What it cannot, `the_table_says_what_libraries_do` covers: each library answered with each row's bytes.

mod libraries;
mod raw;

use crate::driver::{drivers, python};
use crate::gate_process::GateProcess;
use crate::stage::Stage;
use crate::table::Table;
use crate::waiting::until;
use serde_json::{Value, json};
use std::process::Command;

/// Failures of a source after which it is refused.
const FAILURES_MAX: usize = 3;

/// A gate that a test can bring to each of its limits.
const GATE: &str = "body_bytes_max = 2048\ntable_age_max_s = 3\norder_stale_pass_s = 0\n\
                    [gate.failures]\nper_source_max = 3\n\
                    [gate.rates]\ndefault_per_second = 3\norder_per_second = 2\n\
                    [gate.spool]\nsegment_bytes_max = 8192";

/// One whose spool is full soon after its event log takes no more.
const GATE_WITH_SMALL_SPOOL: &str = "[gate.spool]\nbytes_max = 16384\nsegment_bytes_max = 8192";

/// To what its files may grow then, in the unit of `ulimit`, 512 bytes: the spool's have room, the event log soon has none.
const FILE_BLOCKS_MAX: u32 = 512;

/// Takes the keys file away and waits until the gate no longer trusts its table.
fn let_the_table_grow_old(stage: &Stage) {
    std::fs::rename(stage.keys_file(), stage.folder().join("keys.away")).unwrap();
    until("the key table to be too old", || (stage.gate().readiness()["ready"] == false).then_some(()));
}

/// Puts the keys file back and waits until all is well.
fn bring_the_table_back(stage: &Stage) {
    std::fs::rename(stage.folder().join("keys.away"), stage.keys_file()).unwrap();
    until("the gate to be ready", || (stage.gate().readiness()["ready"] == true).then_some(()));
}

fn recording(stage: &Stage) -> bool {
    stage.gate().readiness()["recording"] == true
}

/// Starts the gate again where its files cannot grow beyond a limit, and asks until the event log is there and nothing more
/// can be recorded.
fn let_the_disk_fill_up(stage: &mut Stage, mut ask: impl FnMut()) {
    stage.stop_gate();
    stage.configure(GATE_WITH_SMALL_SPOOL);
    stage.restart_gate(|folder, listen| {
        GateProcess::start_with_file_blocks_max(folder, listen, FILE_BLOCKS_MAX)
    });
    until("what the last run left to be drained", || recording(stage).then_some(()));
    until("recording to become impossible", || {
        ask();
        // For good, and not because the drain is a moment behind: it looks every 20 ms.
        let again = || {
            std::thread::sleep(std::time::Duration::from_millis(300));
            !recording(stage)
        };
        (!recording(stage) && again()).then_some(())
    });
}

/// Starts the gate again with room on its disk.
fn give_the_disk_room(stage: &mut Stage) {
    stage.stop_gate();
    stage.restart_gate(GateProcess::start);
    until("the spool to be drained", || recording(stage).then_some(()));
}

fn order_body(market: &str) -> Value {
    json!(format!(
        r#"{{"market":"{market}","side":"bid","ord_type":"limit","price":"50000000","volume":"0.001"}}"#
    ))
}

#[test]
fn the_table_says_what_libraries_do() {
    let output = Command::new(python())
        .arg(drivers().join("probe_refusals.py"))
        .arg("--check")
        .arg(Table::path())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
}
