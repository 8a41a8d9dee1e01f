//! An engine to begin with: where a snapshot stands, or at the first line kept.

use super::super::snapshot::{self, Head, Snapshot};
use super::super::{Shared, policy};
use super::APPROVE;
use crate::config::Config;
use crate::findings::{DEFAULT_TEXT, Setup};
use crate::roles::events::record;
use sumun_detect::{Engine, Measures, Options};
use sumun_model::Lang;
use sumun_stream::Offset;
use tracing::warn;

fn options(config: &Config) -> Options {
    Options { shards: config.detect.shards, measures: Measures::Recorded, ..Options::default() }
}

/// An engine, where it stands, and what of its policy is not used.
pub(super) type Opened = (Engine, Head, Option<String>);

/// An engine that stands where a snapshot says.
pub(super) async fn restored(shared: &Shared, snapshot: Snapshot, config: &Config) -> anyhow::Result<Opened> {
    let Snapshot { head, engine: bytes, .. } = snapshot;
    let (first, durable) = (shared.events.first().get(), shared.events.durable().get());
    anyhow::ensure!(head.next <= durable, "it knows line {}, and the event log ends at {durable}", head.next);
    anyhow::ensure!(head.next >= first, "it ends at line {}, and the event log begins at {first}", head.next);
    if let Some(last) = head.next.checked_sub(1).filter(|last| *last >= first) {
        let record = shared.events.reader(Offset::new(last)).poll()?;
        let line = record.as_ref().and_then(record::decode).map(|event| snapshot::of_line(event.line));
        anyhow::ensure!(line.as_ref() == Some(&head.last), "it is of another event log");
    }
    let setup = policy::read(shared, &head.policy).await?;
    let mut engine = setup.engine(options(config), APPROVE, Lang::En);
    engine.restore(&bytes)?;
    Ok((engine, head, setup.unused))
}

/// An engine that has seen nothing, at the first line kept.
pub(super) async fn from_the_first(shared: &Shared, config: &Config) -> anyhow::Result<Opened> {
    let first = shared.events.first().get();
    if first > 0 {
        warn!("The event log begins at line {first}: what was before it is not known to detection any more");
    }
    // A line names the policy; until it comes, or where it is gone, the one in force is as good as any.
    let in_force = shared.govern.policy().ok().map(|policy| policy.policy.clone());
    let (setup, policy) = match in_force {
        Some(policy) => (policy::read(shared, &policy).await?, policy),
        None => {
            let mut setup = Setup::of_text("the shipped policy", DEFAULT_TEXT)?;
            (setup.data, setup.data_digest) = shared.data.clone();
            (setup, String::new())
        }
    };
    let engine = setup.engine(options(config), APPROVE, Lang::En);
    Ok((engine, Head { next: first, policy, last: String::new(), seam: None }, setup.unused))
}
