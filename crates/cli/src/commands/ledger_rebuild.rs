//! `sumun ledger rebuild`: fill an empty database from the ledger alone, and say whether its rows are the same.

use super::ConfigArguments;
use crate::exit::{AlreadyTold, BadInput, FAILED, Failed, with_causes};
use crate::roles::govern::{OwnKeys, VenueFile};
use crate::{clock, entropy, keyring, output};
use serde_json::json;
use std::sync::Arc;
use sumun_store::{RowFault, Store, StoreOptions};

/// Entries read at a time.
const PAGE: u32 = 1000;

/// Fill an empty database from the ledger of the configured one, and compare.
///
/// Every governed row is written from the entries alone; sealed texts, which are not in the ledger, are carried over. Then
/// every row is compared with what the entries say. To move a record: stop the control plane, rebuild, name the new database
/// in `govern.database`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  sumun ledger rebuild --into sqlite:///srv/sumun/copy.db\n  \
                        sumun ledger rebuild --into postgres://sumun@127.0.0.1/sumun")]
pub struct Arguments {
    #[command(flatten)]
    config: ConfigArguments,
    /// The empty database
    #[arg(long, value_name = "URL")]
    into: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs it.
///
/// # Errors
/// What was given is bad, the database is not empty, or its rows came out otherwise.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let config = arguments.config.load(Vec::new())?.config;
    if config.database_url() == arguments.into {
        return Err(
            BadInput("that is the database the ledger is read from; name an empty one".to_owned()).into()
        );
    }
    let ring = keyring::load_own(&config).map_err(|error| BadInput(error.to_string()))?;
    let keys = OwnKeys::load(&config.data_dir, &ring)?;
    let signer = keys.signer(&VenueFile::read(&config)?.venue.ledger.origin)?;
    let holder = hex::encode(*entropy::draw::<16>()?);
    let options = StoreOptions::new(&arguments.into, signer, Arc::new(clock::now), holder);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (entries, faults) = runtime.block_on(rebuild(&config.database_url(), options))?;
    let equal = faults.is_empty();
    if arguments.json {
        output::json(&json!({ "entries": entries, "equal": equal, "row_faults": faults }))?;
    } else if equal {
        output::text(&format!("{entries} entries; every row came out as the ledger says\n"))?;
    } else {
        let mut text = String::new();
        for RowFault { table, key, .. } in &faults {
            text.push_str(&format!("FAULT: table {table}, row `{key}` came out otherwise\n"));
        }
        output::text(&text)?;
    }
    if equal { Ok(()) } else { Err(AlreadyTold(FAILED).into()) }
}

async fn rebuild(from: &str, into: StoreOptions) -> anyhow::Result<(u64, Vec<RowFault>)> {
    let failed = |error: &dyn std::error::Error| Failed(with_causes(error));
    let full = Store::open_for_reading(from).await.map_err(|error| failed(&error))?;
    let empty = Store::open(into).await.map_err(|error| failed(&error))?;
    let done = fill(&full, &empty).await.map_err(|error| failed(&error));
    empty.close().await;
    full.close().await;
    Ok(done?)
}

async fn fill(full: &Store, empty: &Store) -> Result<(u64, Vec<RowFault>), sumun_store::StoreError> {
    full.rebuild_into(empty).await?;
    let mut entries = Vec::new();
    loop {
        let page = full.entries(entries.len() as u64, PAGE).await?;
        if page.is_empty() {
            break;
        }
        entries.extend(page);
    }
    let count = entries.len() as u64;
    Ok((count, empty.check_rows(entries).await?))
}
