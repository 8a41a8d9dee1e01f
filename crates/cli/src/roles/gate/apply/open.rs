//! Opening the secrets of records.

use super::{Applier, OnUnopened, Unopened};
use crate::keys_file::KeyRecord;
use std::thread;
use sumun_dialect::MacKey;
use sumun_gate::{KeySpec, Status};

impl Applier {
    /// Opens the secrets, many of them on all cores: one takes some two microseconds.
    pub(super) fn specs(
        &self,
        records: &[&KeyRecord],
        on_unopened: OnUnopened,
    ) -> Result<(Vec<KeySpec>, Vec<Unopened>), Unopened> {
        const ONE_THREAD_MAX: usize = 1 << 12;
        let threads = match records.len() {
            few if few <= ONE_THREAD_MAX => 1,
            _ => thread::available_parallelism().map_or(1, usize::from),
        };
        let share = records.len().div_ceil(threads).max(1);
        let opened: Vec<Result<KeySpec, Unopened>> = if threads == 1 {
            records.iter().map(|record| self.spec(record)).collect()
        } else {
            thread::scope(|scope| {
                let opening: Vec<_> = records
                    .chunks(share)
                    .map(|records| scope.spawn(|| records.iter().map(|r| self.spec(r)).collect::<Vec<_>>()))
                    .collect();
                let joined = opening.into_iter().flat_map(|thread| match thread.join() {
                    Ok(opened) => opened,
                    Err(panic) => std::panic::resume_unwind(panic),
                });
                joined.collect()
            })
        };
        let mut specs = Vec::with_capacity(opened.len());
        let mut unusable = Vec::new();
        for opened in opened {
            match (opened, on_unopened) {
                (Ok(spec), _) => specs.push(spec),
                (Err(unopened), OnUnopened::GiveUp) => return Err(unopened),
                (Err(unopened), OnUnopened::Refuse) => unusable.push(unopened),
            }
        }
        Ok((specs, unusable))
    }

    fn spec(&self, record: &KeyRecord) -> Result<KeySpec, Unopened> {
        let open = |sealed| {
            let opened = self.keyring.open(&record.key, sealed);
            opened.map_err(|source| Unopened { key: record.key.clone(), source })
        };
        let secret = record.secret.as_ref().map(open).transpose()?;
        let proof_required = record.address_proof_required.unwrap_or(self.proof_required);
        let in_effect = record.allowlist.iter().filter(|entry| entry.in_effect(proof_required));
        let mandate = record.mandate.as_ref();
        Ok(KeySpec {
            id: record.key.clone(),
            account: record.account.clone(),
            segment: record.segment,
            status: Status {
                state: record.state,
                measure: record.measure,
                registration_due: record.registration_due,
            },
            scopes: record.scopes,
            allowlist: in_effect.map(sumun_model::key::AllowlistEntry::prefix).collect(),
            expires: record.expires,
            markets: mandate.and_then(|m| m.markets.clone()),
            orders_per_second_max: mandate.and_then(|m| m.orders_per_second_max),
            mac: secret.as_ref().map(MacKey::new),
        })
    }
}
