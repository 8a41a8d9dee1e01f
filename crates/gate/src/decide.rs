//! `decide`: every check in the gate's order, and the first failure as the reason.
//!
//! Order (DESIGN 5): credential → body size → find key → limiter of failures → signature → clock → replay look-up →
//! status and measure → address → client → route → scope, grants, account, market, operator → confirmation → halts →
//! rates → limits → table age → recording. Whatever can be computed beyond the first failure is noted too.
//!
//! Two things must not depend on luck. The nonce is *recorded* only when signature, status and address passed, in the
//! same step as the look-up. And what a request uses up (a nonce, a share of a rate) is used up only by a
//! request that got as far as that check.

mod misread;
mod unread;
mod vouched;

use crate::enforce::{Bypass, Enforced, Enforcement, Reasons};
use crate::entry::KeyEntry;
use crate::failures::Failures;
use crate::policy::GatePolicy;
use crate::rate::PerSecond;
use crate::replay::{NonceMark, ReplayMemory, Seen};
use crate::table::KeyTable;
use std::net::IpAddr;
use std::sync::Arc;
use sumun_dialect::{Credential, Params, RawRequest, Route};
use sumun_model::code::is_code;
use sumun_model::wire::Signature;
use sumun_model::{
    Check, CheckOutcome, Checks, CodeMark, Effect, KeyId, MarketId, Ramp, Reason, Scope, Stage, Timestamp,
};

/// One instant by both clocks of the rim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Wall clock: for expiry and for records.
    pub wall: Timestamp,
    /// Microseconds of a clock that never steps: for rates and windows.
    pub monotonic_us: u64,
}

/// A request as the rim received it.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The bytes.
    pub raw: RawRequest<'a>,
    /// Client address, from the socket or from trusted hops.
    pub source: IpAddr,
    /// False if the body was longer than the rim buffers; `raw.body` is then empty.
    pub body_complete: bool,
    /// False if the decision cannot be recorded now.
    pub recordable: bool,
}

/// The gate's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A public route without a credential: nobody's key is involved.
    Public,
    /// May pass.
    Allow,
    /// May not, and why.
    Deny(Reason),
}

/// A decision with all that led to it; a value.
#[derive(Clone, Debug)]
pub struct Decision {
    answer: Answer,
    /// The key as it stood, if known.
    pub entry: Option<Arc<KeyEntry>>,
    /// The key the credential names, if it could be read and is not known.
    unknown_key: Option<KeyId>,
    /// What came of the signature.
    pub signature: Signature,
    /// Every check made.
    pub checks: Checks,
    /// The route, if known.
    pub route: Option<&'static Route>,
    /// What it would do; an unknown route counts as `transfer`.
    pub effect: Effect,
    /// The market it names.
    pub market: Option<MarketId>,
    /// The nonce's mark.
    pub nonce: Option<NonceMark>,
    /// The mark of a control test's code, if the signature is valid and a parameter is one.
    pub code: Option<CodeMark>,
    recorded: [Option<NonceMark>; 2],
    reopens: bool,
    enforced: bool,
    /// As `enforced`, whoever has the body.
    holds: bool,
    stage: Stage,
    /// Since when, and why, everything passes here.
    bypass: Option<Arc<Bypass>>,
    body_complete: bool,
    /// The client's time in the token.
    pub token_time: Option<Timestamp>,
    /// How many more requests of the group would pass right now.
    pub remaining: Option<u32>,
}

/// Proof that a request may be forwarded: only [`Decision::permit`] makes one.
#[derive(Debug)]
pub struct Permit {
    shadowed: Option<Reason>,
}

impl Permit {
    /// In shadow mode, the reason for which the request would have been refused.
    #[must_use]
    pub const fn shadowed(&self) -> Option<Reason> {
        self.shadowed
    }
}

impl Decision {
    /// The answer.
    #[must_use]
    pub const fn answer(&self) -> Answer {
        self.answer
    }

    /// The reason of a refusal.
    #[must_use]
    pub const fn reason(&self) -> Option<Reason> {
        match self.answer {
            Answer::Deny(reason) => Some(reason),
            Answer::Public | Answer::Allow => None,
        }
    }

    /// The key the credential names, if it could be read.
    #[must_use]
    pub fn key(&self) -> Option<KeyId> {
        self.entry.as_ref().map(|entry| entry.id()).or_else(|| self.unknown_key.clone())
    }

    /// Scope the route needs.
    #[must_use]
    pub fn scope(&self) -> Option<Scope> {
        self.route.and_then(|route| route.scope)
    }

    /// Whether a refusal holds: as the stage of the request says (ADR 0022), and always for what cannot be forwarded because its
    /// body was not read whole. Of a request that is allowed, whether its stage refuses anything.
    #[must_use]
    pub const fn enforced(&self) -> bool {
        self.enforced
    }

    /// Why everything passes here, if it does.
    #[must_use]
    pub fn bypass(&self) -> Option<&Bypass> {
        self.bypass.as_deref()
    }

    /// Whoever asked forwards by himself and has the body: a refusal holds as the stage says, also of what this gate was not shown
    /// whole.
    #[must_use]
    pub fn forwarded_elsewhere(mut self) -> Self {
        (self.body_complete, self.enforced) = (true, self.holds);
        self
    }

    /// Marks to be written down before the request goes on.
    #[must_use]
    pub const fn recorded(&self) -> [Option<NonceMark>; 2] {
        self.recorded
    }

    /// Whether a nonce seen before reopens a private stream from the same registered address.
    #[must_use]
    pub const fn reopens(&self) -> bool {
        self.reopens
    }

    /// This decision as the second about one request, made once its stream was registered: the nonce that it finds
    /// used is the request's own, and what the first took stays taken and is to be written down.
    #[must_use]
    pub fn after_reregistration(mut self, first: &Self) -> Self {
        (self.recorded, self.reopens) = (first.recorded, first.reopens);
        self
    }

    /// The permit to forward; in shadow mode it says what would have been refused, and why.
    ///
    /// # Errors
    /// The reason of the refusal.
    pub const fn permit(&self) -> Result<Permit, Reason> {
        match self.answer {
            Answer::Public if !self.body_complete => Err(Reason::BodyTooLarge),
            Answer::Public | Answer::Allow => Ok(Permit { shadowed: None }),
            Answer::Deny(reason) if self.enforced => Err(reason),
            Answer::Deny(reason) => Ok(Permit { shadowed: Some(reason) }),
        }
    }

    /// The rim found, after deciding, that it could not write the decision down. Only a `transfer` is refused for it
    /// (DESIGN 5, "Failure is per effect"); a refusal keeps its reason.
    pub fn recording_failed(&mut self) {
        if self.effect == Effect::Transfer && matches!(self.answer, Answer::Allow) {
            self.answer = Answer::Deny(Reason::RecordingUnavailable);
            self.enforced = self.stage.enforces(Reason::RecordingUnavailable) || !self.body_complete;
        }
    }
}

/// The key table and what one gate remembers between requests.
pub struct Gate {
    /// The keys.
    pub table: KeyTable,
    /// The nonces used.
    pub replay: ReplayMemory,
    failures: Failures,
    policy: GatePolicy,
    enforcement: Enforcement,
}

/// The first failure wins; later ones only show in `checks`.
struct Findings {
    reason: Option<Reason>,
    failed: Reasons,
    checks: Checks,
}

impl Findings {
    fn note(&mut self, check: Check, outcome: Result<(), Reason>) -> bool {
        if let Err(reason) = outcome {
            self.fail(reason);
        }
        self.checks.note(check, outcome.is_ok())
    }

    fn fail(&mut self, reason: Reason) {
        self.reason.get_or_insert(reason);
        self.failed.add(reason);
    }

    fn not_run(&mut self, check: Check) {
        self.checks.set(check, CheckOutcome::NotRun);
    }

    fn end(mut self, gate: &Gate, mut decision: Decision) -> Decision {
        self.note(Check::Route, held(decision.route.is_some(), Reason::RouteUnknown));
        decision.checks = self.checks;
        let route = decision.route.map(|route| route.path.as_str());
        let told = gate.enforced(decision.entry.as_deref(), decision.effect, route);
        decision.stage = told.stage;
        decision.bypass = gate.bypass();
        let holds = match self.reason {
            None => told.stage.enforces_any(),
            Some(reason) => {
                decision.answer = Answer::Deny(reason);
                told.refuses(self.failed, || gate.has_ended(&decision))
            }
        };
        decision.holds = holds;
        decision.enforced = holds || !decision.body_complete;
        decision
    }
}

fn held(passes: bool, reason: Reason) -> Result<(), Reason> {
    if passes { Ok(()) } else { Err(reason) }
}

impl Gate {
    /// A gate over a table and a memory.
    #[must_use]
    pub fn new(policy: GatePolicy, table: KeyTable, replay: ReplayMemory) -> Self {
        let failures = Failures::new(policy.failures_max, policy.failures_window_us);
        Self { table, replay, failures, policy, enforcement: Enforcement::default() }
    }

    /// From here on refusals hold as this ramp says; without one, all do.
    pub fn set_ramp(&self, ramp: Option<Ramp>) {
        self.enforcement.set_ramp(ramp);
    }

    /// The ramp in force here.
    #[must_use]
    pub fn ramp(&self) -> Option<Arc<Ramp>> {
        self.enforcement.ramp()
    }

    /// From here on everything passes and is recorded, but for keys that have ended; or no longer.
    pub fn set_bypass(&self, bypass: Option<Bypass>) {
        self.enforcement.set_bypass(bypass);
    }

    /// Why everything passes, if it does.
    #[must_use]
    pub fn bypass(&self) -> Option<Arc<Bypass>> {
        self.enforcement.bypass()
    }

    /// Whether the key has ended, as far as this gate knows: also one of which only the end is left.
    fn has_ended(&self, decision: &Decision) -> bool {
        match &decision.entry {
            Some(entry) => entry.status().is_terminal(),
            None => decision.unknown_key.as_ref().is_some_and(|key| self.table.is_dead(key)),
        }
    }

    pub(crate) fn enforced(&self, entry: Option<&KeyEntry>, effect: Effect, route: Option<&str>) -> Enforced {
        self.enforcement.of(&self.policy, entry, effect, route)
    }

    /// What this gate enforces.
    #[must_use]
    pub const fn policy(&self) -> &GatePolicy {
        &self.policy
    }

    /// Decides about one request.
    #[must_use]
    pub fn decide(&self, request: &Request<'_>, now: Now) -> Decision {
        let (mut decision, mut findings) = self.begin(request);
        match self.policy.dialect.credential(&request.raw) {
            Ok(None) if decision.route.is_some_and(|route| route.public) => {
                decision.answer = Answer::Public;
                return decision;
            }
            Ok(None) => findings.fail(Reason::MalformedCredentials),
            Err(malformed) => {
                decision.signature = Signature::Unchecked;
                findings.fail(malformed.code());
            }
            Ok(Some(credential)) => {
                self.decide_signed(request, &credential, now, &mut decision, &mut findings);
            }
        }
        findings.end(self, decision)
    }

    fn begin(&self, request: &Request<'_>) -> (Decision, Findings) {
        let raw = &request.raw;
        let route = self.policy.dialect.route(raw.method, raw.path, raw.upgrade);
        let decision = Decision {
            answer: Answer::Allow,
            entry: None,
            unknown_key: None,
            signature: Signature::Absent,
            checks: Checks::NONE,
            route,
            effect: route.map_or(Effect::Transfer, |route| route.effect),
            market: None,
            nonce: None,
            code: None,
            recorded: [None, None],
            reopens: false,
            enforced: self.policy.enforce || !request.body_complete,
            holds: self.policy.enforce,
            stage: Stage::Ladder,
            bypass: None,
            body_complete: request.body_complete,
            token_time: None,
            remaining: None,
        };
        (decision, Findings { reason: None, failed: Reasons::default(), checks: Checks::NONE })
    }

    fn decide_signed(
        &self,
        request: &Request<'_>,
        credential: &Credential<'_>,
        now: Now,
        decision: &mut Decision,
        findings: &mut Findings,
    ) {
        decision.signature = Signature::Unchecked;
        decision.token_time = credential.token_time();
        if !request.body_complete {
            findings.fail(Reason::BodyTooLarge);
        }
        let Some(entry) = self.table.get(credential.key_id()) else {
            decision.unknown_key = KeyId::new(credential.key_id()).ok();
            findings.fail(Reason::UnknownKey);
            return;
        };
        let registered = entry.allows(request.source);
        let params = self.check_signature(request, credential, &entry, registered, now, decision, findings);
        let signed = decision.signature == Signature::Valid;
        findings.not_run(Check::Clock);

        let status = entry.status().admits(decision.effect, entry.expires(), now.wall);
        // Recorded together with the look-up, and only for who may use the key from here.
        self.check_replay(request, credential, signed && status.is_ok() && registered, decision, findings);
        findings.note(Check::Status, status);
        check_grants(&entry, registered, decision, findings);
        check_market(params.as_ref(), &entry, decision, findings);
        self.check_uses(request, &entry, now, decision, findings);
        decision.entry = Some(entry);
    }

    /// How much is used, and whether this gate can judge and record it now.
    fn check_uses(
        &self,
        request: &Request<'_>,
        entry: &KeyEntry,
        now: Now,
        decision: &mut Decision,
        findings: &mut Findings,
    ) {
        findings.not_run(Check::Operator);
        findings.not_run(Check::Confirmation);
        findings.not_run(Check::Halt);
        self.check_rate(entry, now, decision, findings);
        findings.not_run(Check::Limit);
        let fresh = self.table_serves(decision.effect, now);
        findings.note(Check::TableAge, held(fresh, Reason::KeyTableStale));
        if !request.recordable && decision.effect == Effect::Transfer {
            findings.fail(Reason::RecordingUnavailable);
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one step of `decide_signed`; a struct would only rename them"
    )]
    fn check_signature<'a>(
        &self,
        request: &Request<'a>,
        credential: &Credential<'_>,
        entry: &KeyEntry,
        registered: bool,
        now: Now,
        decision: &mut Decision,
        findings: &mut Findings,
    ) -> Option<Params<'a>> {
        let key = credential.key_id();
        if !registered && self.failures.tripped(request.source, key, now.monotonic_us) {
            findings.fail(Reason::TooManyFailures);
            findings.not_run(Check::Signature);
            return None;
        }
        if !request.body_complete {
            // What was signed is not all here.
            findings.not_run(Check::Signature);
            return None;
        }
        // The secret is not here: nobody's signature can be shown to hold, so none does, and nobody is blamed for one. Whom the
        // operator trusts to have checked it says so another way.
        let Some(mac) = entry.mac() else {
            findings.fail(Reason::SignatureInvalid);
            findings.not_run(Check::Signature);
            return None;
        };
        match self.policy.dialect.verify(&request.raw, credential, mac) {
            Ok(verified) => {
                decision.signature = Signature::Valid;
                findings.note(Check::Signature, Ok(()));
                let code = verified.params.iter().find(|param| is_code(&param.value));
                decision.code = code.map(|param| CodeMark::of(&entry.id(), &param.value));
                Some(verified.params)
            }
            Err(rejection) => {
                decision.signature = Signature::Invalid;
                findings.note(Check::Signature, Err(rejection.code()));
                if !registered {
                    self.failures.count(request.source, key, now.monotonic_us);
                }
                None
            }
        }
    }

    fn check_replay(
        &self,
        request: &Request<'_>,
        credential: &Credential<'_>,
        may_record: bool,
        decision: &mut Decision,
        findings: &mut Findings,
    ) {
        let mark = self.replay.mark(credential.key_id(), credential.nonce());
        let stream = request.raw.upgrade.then(|| self.replay.stream_mark(mark, request.source));
        decision.nonce = Some(mark);
        if decision.signature != Signature::Valid {
            findings.not_run(Check::Replay);
            return;
        }
        let seen = if may_record { self.replay.take(mark, stream) } else { self.replay.peek(mark, stream) };
        if may_record && seen == Seen::New {
            decision.recorded = [Some(mark), stream];
        }
        decision.reopens = seen == Seen::Reopens;
        findings.note(Check::Replay, held(seen != Seen::Used, Reason::Replayed));
    }

    fn check_rate(&self, entry: &KeyEntry, now: Now, decision: &mut Decision, findings: &mut Findings) {
        // A cancel is never refused for rates and takes no share of one.
        if findings.reason.is_some() || decision.effect == Effect::Cancel {
            findings.not_run(Check::Rate);
            return;
        }
        let taken = if decision.effect == Effect::Order {
            let limits = [self.policy.order_per_second, entry.orders_per_second_max().unwrap_or(0)];
            let limit = limits.into_iter().filter(|limit| *limit > 0).min().unwrap_or(0);
            entry.order_rate.take(PerSecond(limit), now.monotonic_us)
        } else {
            entry.default_rate.take(PerSecond(self.policy.default_per_second), now.monotonic_us)
        };
        decision.remaining = taken;
        findings.note(Check::Rate, held(taken.is_some(), Reason::RateLimited));
    }

    /// Whether the table is fresh enough for the effect (DESIGN 5, "Failure is per effect").
    #[must_use]
    pub fn table_serves(&self, effect: Effect, now: Now) -> bool {
        let over = self.table.age_us(now.wall).saturating_sub(self.policy.table_age_us_max);
        match effect {
            Effect::Read | Effect::Cancel => true,
            Effect::Order => over <= self.policy.order_grace_us,
            Effect::Transfer => over <= 0,
        }
    }
}

/// Whence it comes and what the key may do.
fn check_grants(entry: &KeyEntry, registered: bool, decision: &Decision, findings: &mut Findings) {
    findings.note(Check::Address, held(registered, Reason::AddressNotAllowed));
    findings.not_run(Check::Client);
    findings.note(Check::Route, held(decision.route.is_some(), Reason::RouteUnknown));
    if let Some(scope) = decision.scope() {
        findings.note(Check::Scope, held(entry.scopes().contains(scope), Reason::ScopeMissing));
    }
    findings.not_run(Check::Grant);
    findings.not_run(Check::Account);
}

fn check_market(
    params: Option<&Params<'_>>,
    entry: &KeyEntry,
    decision: &mut Decision,
    findings: &mut Findings,
) {
    let name = decision.route.and_then(|route| route.market_param.as_deref());
    let Some(params) = params else {
        findings.not_run(Check::Market);
        return;
    };
    let Some(name) = name else {
        // An order whose market only the exchange knows, such as one that replaces another by its id.
        if decision.effect == Effect::Order && entry.markets().is_some() {
            findings.note(Check::Market, Err(Reason::MarketNotAllowed));
        } else {
            findings.not_run(Check::Market);
        }
        return;
    };
    let named = params.market(name);
    decision.market = named.as_ref().ok().and_then(Clone::clone);
    if decision.effect != Effect::Order {
        findings.not_run(Check::Market);
        return;
    }
    let in_mandate = match (named, entry.markets()) {
        // Two markets, or none where the mandate names some: nobody can say that it is in the mandate.
        (Err(_), _) | (Ok(None), Some(_)) => false,
        (Ok(Some(market)), Some(markets)) => markets.contains(&market),
        (Ok(_), None) => true,
    };
    findings.note(Check::Market, held(in_mandate, Reason::MarketNotAllowed));
}
