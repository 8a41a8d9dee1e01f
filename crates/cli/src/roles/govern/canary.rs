//! Canaries in practice: a key of the venue's own is issued, tried on every gate while it lives, ended, and tried again from
//! the end on until each gate refuses it. What is due, and what findings come to, is `govern`'s.
//!
//! One request at a time. A canary's secret is opened for one signature and forgotten. Without `govern.canary_targets`
//! nothing of this runs.

mod ask;
mod sign;

use crate::config::{CanaryTarget, Config};
use crate::exit::{BadInput, Failed};
use crate::{clock, entropy};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use sumun_dialect::Dialect;
use sumun_govern::canary::{Answered, Canary, Finding, Heard, Tick, finding};
use sumun_govern::{Govern, Refusal};
use sumun_model::GateId;
use sumun_server::Server;
use sumun_server::metrics::CanaryLabels;
use sumun_store::tables::GATES;
use tokio::task::JoinHandle;
use tracing::{error, info, warn};

/// How often is looked what is due.
const LOOK: Duration = Duration::from_secs(1);
/// How long after its end a gate may go on serving a key before that is a finding: above the longest pause a gate makes
/// before it connects to its feed again.
const OBEYS_WITHIN_US: i64 = 10_000_000;
/// The first pause between two tries of one gate; each is twice as long as the last, up to [`PAUSE_MAX`].
const PAUSE_FIRST: Duration = Duration::from_millis(20);
/// The longest pause between two tries.
const PAUSE_MAX: Duration = Duration::from_millis(500);

/// Canaries at work; they end when this is dropped.
pub(crate) struct Canaries(JoinHandle<()>);

impl Drop for Canaries {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Canaries {
    /// Starts them, if the configuration names a gate to try.
    ///
    /// # Errors
    /// It names a gate that was never enrolled.
    pub(crate) async fn start(server: &Arc<Server>, config: &Config) -> anyhow::Result<Option<Self>> {
        let targets = config.govern.canary_targets.clone();
        if targets.is_empty() {
            return Ok(None);
        }
        check(&server.govern, &targets).await?;
        if server.govern.venue().canary.account.is_none() {
            warn!("The venue's facts name no `canary.account`: no canary is issued, and no gate is tried");
        }
        let round = Round { server: Arc::clone(server), targets, living: None, told: None };
        Ok(Some(Self(tokio::spawn(round.run()))))
    }
}

/// Refuses targets nobody enrolled: a slip of the pen must not leave a gate untried.
async fn check(govern: &Govern, targets: &[CanaryTarget]) -> anyhow::Result<()> {
    for target in targets {
        let found = govern.store.get(&GATES, target.gate.as_str()).await;
        if found.map_err(|error| Failed(crate::exit::with_causes(&error)))?.is_none() {
            return Err(BadInput(format!(
                "`govern.canary_targets` names gate `{}`, which was never invited; `sumun gates list` shows those there are",
                target.gate
            ))
            .into());
        }
    }
    Ok(())
}

/// What is remembered from look to look.
struct Round {
    server: Arc<Server>,
    targets: Vec<CanaryTarget>,
    /// The canary that lives, and what each gate last answered to it.
    living: Option<(String, BTreeMap<GateId, Heard>)>,
    /// The refusal that was told last: the same one is not told every second.
    told: Option<&'static str>,
}

impl Round {
    async fn run(mut self) {
        let mut every = tokio::time::interval(LOOK);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            every.tick().await;
            match self.look().await {
                Ok(()) => self.told = None,
                Err(refusal) if self.told == Some(refusal.code) => {}
                Err(refusal) => {
                    self.told = Some(refusal.code);
                    warn!(code = refusal.code, "Canaries cannot go on; trying again: {refusal}");
                }
            }
        }
    }

    async fn look(&mut self) -> Result<(), Refusal> {
        match self.server.govern.canary_tick().await? {
            Tick::Nothing => Ok(()),
            Tick::Issued(canary) => {
                info!(canary.id = canary.canary, key.id = canary.key, "A canary was issued");
                Ok(())
            }
            Tick::Living(canary) => {
                self.try_living(&canary).await;
                Ok(())
            }
            // Watched from its end on, so that the time until a gate refuses it can be told.
            Tick::Expired(canary) => self.try_ended(&canary, true).await,
            Tick::Try(canary) => self.try_ended(&canary, false).await,
        }
    }

    /// Asks each gate that was not seen to serve it yet.
    async fn try_living(&mut self, canary: &Canary) {
        let mut heard = match self.living.take() {
            Some((id, heard)) if id == canary.canary => heard,
            _ => BTreeMap::new(),
        };
        for target in &self.targets {
            if heard.get(&target.gate).and_then(Heard::lives) != Some(true) {
                heard.insert(target.gate.clone(), self.ask(canary, target).await);
            }
        }
        self.living = Some((canary.canary.clone(), heard));
    }

    /// Asks until each gate has refused it as ended, or had its time.
    async fn try_ended(&mut self, canary: &Canary, from_its_end: bool) -> Result<(), Refusal> {
        let living = self.living.take().filter(|(id, _)| *id == canary.canary).map(|(_, heard)| heard);
        let living = living.unwrap_or_default();
        let ended = canary.expired.unwrap_or_else(clock::now);
        let give_up = if from_its_end { ended } else { clock::now() }.plus_micros(OBEYS_WITHIN_US);
        let mut findings = Vec::new();
        let mut open: Vec<(&CanaryTarget, Option<Heard>)> =
            self.targets.iter().map(|one| (one, None)).collect();
        let mut pause = PAUSE_FIRST;
        loop {
            // Who does not answer is asked last: nobody else's time is measured with it.
            open.sort_by_key(|(target, last)| {
                matches!(last.as_ref().or(living.get(&target.gate)), Some(Heard::Nothing(_)))
            });
            let over = clock::now() >= give_up;
            let mut still = Vec::new();
            for (target, _) in open {
                let heard = self.ask(canary, target).await;
                let at = clock::now();
                if heard.lives() != Some(false) && !over {
                    still.push((target, Some(heard)));
                    continue;
                }
                let (answered, detail) = finding(living.get(&target.gate), &heard);
                let took = u64::try_from(at.micros_since(ended) / 1000).unwrap_or(0);
                let after_ms = (from_its_end && heard.lives() == Some(false)).then_some(took);
                findings.push(Finding { gate: target.gate.clone(), answered, after_ms, detail, at });
            }
            open = still;
            if open.is_empty() {
                break;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
        self.tell(canary, &findings);
        self.server.govern.canary_found(&canary.canary, &findings).await.map(|_| ())
    }

    /// One request, signed for it alone.
    async fn ask(&self, canary: &Canary, target: &CanaryTarget) -> Heard {
        let Ok(dialect) = self.server.govern.venue().dialect.parse::<Dialect>() else {
            return Heard::Unclear("the venue's dialect is not known here".to_owned());
        };
        let signed = match self.server.govern.canary_secret(canary).await {
            Ok((key, secret)) => match entropy::draw::<16>() {
                Ok(nonce) => sign::authorization(dialect, &key, &secret, &hex::encode(*nonce)),
                Err(_) => None,
            },
            Err(_) => None,
        };
        match signed {
            Some(authorization) => ask::ask(dialect, &target.at, &authorization).await,
            None => Heard::Unclear("the request could not be signed".to_owned()),
        }
    }

    /// Counts, and says what was found; loudly where an ended key is served.
    fn tell(&self, canary: &Canary, findings: &[Finding]) {
        let metrics = &self.server.metrics;
        let served = findings.iter().filter(|finding| finding.answered == Answered::StillServed).count();
        metrics.canary_still_served.set(i64::try_from(served).unwrap_or(i64::MAX));
        for finding in findings {
            let (gate, found) = (&finding.gate, finding.answered.as_str());
            metrics.canary_findings.get_or_create(&CanaryLabels { found }).inc();
            let detail = finding.detail.as_deref().unwrap_or_default();
            let (id, key) = (&canary.canary, &canary.key);
            match finding.answered {
                Answered::Obeyed => info!(
                    canary.id = id,
                    gate.id = %gate,
                    after_ms = finding.after_ms,
                    "Gate {gate} refuses the canary that was ended"
                ),
                Answered::StillServed => error!(
                    canary.id = id,
                    key.id = key,
                    gate.id = %gate,
                    "GATE {gate} STILL SERVES KEY {key}, WHICH WAS ENDED ({detail}): keys that were ended may be alive \
                     there; take the gate out of service, then look at its feed"
                ),
                Answered::NotServedWhileAlive | Answered::Unreachable | Answered::Unclear => warn!(
                    canary.id = id,
                    gate.id = %gate,
                    found,
                    "Whether gate {gate} obeys could not be seen from outside: {detail}"
                ),
            }
        }
        for gate in canary.gates.iter().filter(|gate| !findings.iter().any(|one| one.gate.as_str() == *gate))
        {
            warn!(
                canary.id = canary.canary,
                gate.id = gate,
                "Gate {gate} is in no `govern.canary_targets`: it is not tried"
            );
        }
    }
}
