//! A1: a session whose place and program do not fit what the key has done before.
//!
//! **Sees** a session that begins from a neighbourhood, network or country, or with a program, the key never used, weighed against
//! how common those are among all keys (Freeman et al., NDSS 2016, doi 10.14722/ndss.2016.23240).
//! **Misses** who uses the owner's own address and library (relay); who uses a popular program in a network the owner also uses; a
//! new program where the library's name stays the same; whoever was there from the first day.
//!
//! Example: fifty sessions of `ccxt/4` from one home line, then one of `pyupbit/0` from a cloud abroad. Neither was ever seen: each
//! counts as four times likelier under misuse, ln 16 = 2.77.
//!
//! S = Π p̂(x) / p̂(x|key) · (1/K) / (n/N), llr = ln S. Place: 0.6 neighbourhood, 0.3 network, 0.1 country; program: 0.6 whole mark,
//! 0.4 family, so that an upgrade (same family, new mark) keeps the family's part: that is the guard for release days. What was never
//! seen at any level has p̂(x|key) = p̂(x) / 4, and nothing has less. What is not known drops out of both sides.
//!
//! A session is the requests of one (neighbourhood, program) without a gap of `session_gap_s`, at most `session_s` long: a bot that
//! never pauses counts once a day, and a second hand in the same minute begins a session of its own.
//!
//! State: 64 sessions of 32 bytes, 8 open ones of 24; at most 2.3 KiB.

#[cfg(test)]
mod tests;

use super::KeyDetector;
use super::around::{client_name, is_declared, is_use, neighbourhood, network_name, us};
use crate::emit::{Emit, Raw};
use crate::mark::Mark;
use crate::seen::{Population, Seen};
use serde::{Deserialize, Serialize};
use sumun_model::finding::Family;
use sumun_model::score::{LLR_MILLI_MAX, LLR_MILLI_MIN};
use sumun_model::{Baseline, Cause, Timestamp};

/// p̂(x) / p̂(x|key) of what the key never showed at any level: the authors' choice, since a value rare for everybody must not look
/// harmless.
const NEVER_SEEN: f64 = 4.0;

/// Most sessions remembered.
pub const SESSIONS_MAX: usize = 64;
/// Most sessions open at a time.
pub const OPEN_MAX: usize = 8;

/// The detector.
#[derive(Clone, Copy, Debug)]
pub struct UnfamiliarProperties;

/// Numbers of the policy file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Silence that ends a session, seconds. 1800: the usual web session (catalogue A1).
    pub session_gap_s: u32,
    /// Longest session, seconds. 86400: a bot that never pauses still gives one a day.
    pub session_s: u32,
    /// Sessions older than this are forgotten, seconds. 60 days (Entra ID: up to 60 for machines).
    pub baseline_s: u32,
    /// At most so many sessions are compared with, up to [`SESSIONS_MAX`]. 50.
    pub baseline_sessions: u32,
    /// A key is scored from so many sessions on. 10 (Entra ID; 8 sufficed in the 3.3 M user study).
    pub learn_sessions: u32,
    /// Or once it was seen for so long, seconds. 14 days (Entra ID).
    pub learn_s: u32,
    /// But never with fewer sessions than this: fewer are no habit. 3.
    pub learn_sessions_least: u32,
    /// Least llr told, thousandths. 1500: a new program in a new network; one of both alone stays below.
    pub fire_milli: i32,
    /// Most that the key's own busyness, ln(N / (K · n)), adds or takes, thousandths. 500: it says little of who is at the keyboard.
    pub usage_milli_max: i32,
    /// Weights of neighbourhood, network and country, thousandths. 600, 300, 100: the authors' reference code.
    pub place_milli: [u32; 3],
    /// Weights of the whole program mark and its family, thousandths. 600, 400.
    pub client_milli: [u32; 2],
}

impl Default for Params {
    fn default() -> Self {
        Self {
            session_gap_s: 1_800,
            session_s: 86_400,
            baseline_s: 60 * 86_400,
            baseline_sessions: 50,
            learn_sessions: 10,
            learn_s: 14 * 86_400,
            learn_sessions_least: 3,
            fire_milli: 1_500,
            usage_milli_max: 500,
            place_milli: [600, 300, 100],
            client_milli: [600, 400],
        }
    }
}

/// A session's properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Session {
    at: i64,
    place: [Option<Mark>; 3],
    client: [Option<Mark>; 2],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Open {
    place: Mark,
    client: Mark,
    began: i64,
    last: i64,
}

/// What is remembered of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    first: Option<i64>,
    sessions: u32,
    history: Vec<Session>,
    open: Vec<Open>,
}

impl KeyDetector for UnfamiliarProperties {
    const NAME: &'static str = "key.unfamiliar_properties@1";
    const FAMILY: Family = Family::Origin;
    type Params = Params;
    type State = State;

    fn access(params: &Params, state: &mut State, seen: &Seen<'_>, emit: &mut Emit) {
        if !is_use(seen) || !state.begins(params, seen) {
            return;
        }
        let now = seen.now.as_micros();
        let session = Session {
            at: now,
            place: [
                Some(neighbourhood(seen.address)),
                Some(seen.network.operator_mark()),
                seen.network.country.as_deref().map(Mark::of),
            ],
            client: [Some(seen.client_mark), Some(Mark::of(&seen.client.family))],
        };
        state.history.retain(|old| now - old.at <= us(params.baseline_s));
        let known = state.known_long_enough(params, now);
        let llr = if known && !is_declared(seen) {
            score(params, &state.history, state.sessions, &session, seen.population)
        } else {
            LLR_MILLI_MIN
        };
        let fires = llr >= params.fire_milli;
        if fires {
            emit.signal(told(&state.history, seen, llr));
        }
        // While a measure stands, what is under suspicion does not become the habit it is measured against.
        if !(fires && seen.measure.is_some()) {
            state.learn(params, session);
        }
    }
}

impl State {
    /// Whether this request begins a session; notes it either way.
    fn begins(&mut self, params: &Params, seen: &Seen<'_>) -> bool {
        let now = seen.now.as_micros();
        let (place, client) = (neighbourhood(seen.address), seen.client_mark);
        if let Some(open) = self.open.iter_mut().find(|o| o.place == place && o.client == client) {
            let over = now - open.last > us(params.session_gap_s) || now - open.began >= us(params.session_s);
            open.last = now;
            if over {
                open.began = now;
            }
            return over;
        }
        let fresh = Open { place, client, began: now, last: now };
        if self.open.len() < OPEN_MAX {
            self.open.push(fresh);
        } else if let Some(oldest) = self.open.iter_mut().min_by_key(|o| o.last) {
            *oldest = fresh;
        }
        true
    }

    fn known_long_enough(&self, params: &Params, now: i64) -> bool {
        let sessions = self.history.len();
        let at_least = |n: u32| sessions >= n as usize;
        at_least(params.learn_sessions)
            || at_least(params.learn_sessions_least)
                && self.first.is_some_and(|first| now - first >= us(params.learn_s))
    }

    fn learn(&mut self, params: &Params, session: Session) {
        self.first.get_or_insert(session.at);
        self.sessions = self.sessions.saturating_add(1);
        let most = (params.baseline_sessions as usize).clamp(1, SESSIONS_MAX);
        let over = (self.history.len() + 1).saturating_sub(most);
        self.history.drain(..over.min(self.history.len()));
        self.history.push(session);
    }
}

fn told(history: &[Session], seen: &Seen<'_>, llr: i32) -> Raw {
    let instant = |s: Option<&Session>| s.map_or(seen.now, |s| Timestamp::from_micros(s.at));
    Raw {
        code: "unfamiliar_properties".to_owned(),
        cause: Cause::Unknown,
        llr_milli: llr,
        values: vec![
            ("address".to_owned(), seen.address.to_string().into()),
            ("network".to_owned(), network_name(seen.network).into()),
            ("client".to_owned(), client_name(seen.client).into()),
            ("sessions".to_owned(), i64::try_from(history.len()).unwrap_or(i64::MAX).into()),
        ],
        baseline: Some(Baseline {
            from: instant(history.first()),
            to: instant(history.last()),
            sessions: u32::try_from(history.len()).unwrap_or(u32::MAX),
        }),
        evidence: Vec::new(),
        hard: None,
    }
}

/// ln S in thousandths, clipped as every signal is.
fn score(
    params: &Params,
    history: &[Session],
    own_sessions: u32,
    session: &Session,
    population: &Population,
) -> i32 {
    let place = ratio(
        &params.place_milli,
        &session.place,
        population,
        |level| history.iter().filter(|s| s.place.get(level) == session.place.get(level)).count(),
        history.len(),
    );
    let client = ratio(
        &params.client_milli,
        &session.client,
        population,
        |level| history.iter().filter(|s| s.client.get(level) == session.client.get(level)).count(),
        history.len(),
    );
    let nats = libm::log(place) + libm::log(client) + usage(params, own_sessions, population);
    milli(nats).clamp(LLR_MILLI_MIN, LLR_MILLI_MAX)
}

/// p̂(x) / p̂(x|key) of one feature with its levels; what is unknown at a level is left out of both.
fn ratio(
    weights: &[u32],
    values: &[Option<Mark>],
    population: &Population,
    own: impl Fn(usize) -> usize,
    sessions: usize,
) -> f64 {
    let (mut all, mut mine) = (0.0, 0.0);
    for (level, (weight, value)) in weights.iter().zip(values).enumerate() {
        let Some(value) = value else { continue };
        all += f64::from(*weight) * share_of_all(population, *value);
        mine += f64::from(*weight) * count(own(level)) / count(sessions.max(1));
    }
    if all <= 0.0 {
        1.0
    } else if mine <= 0.0 {
        NEVER_SEEN
    } else {
        // What is known at some level is never stranger than what is known at none, however little is known of the others.
        (all / mine).min(NEVER_SEEN)
    }
}

/// Smoothed share among all keys' sessions: seen c/N · (1 − u/(N+u)), unseen 1/(N+u), u = different values + 1.
fn share_of_all(population: &Population, value: Mark) -> f64 {
    let n = wide(population.sessions);
    let u = wide(population.distinct) + 1.0;
    match population.counts.get(&value) {
        Some(c) if population.sessions > 0 => wide(*c) / n * (1.0 - u / (n + u)),
        _ => 1.0 / (n + u),
    }
}

/// ln((1/K) / (n/N)) within its bound; 0 where nothing is known of the others.
fn usage(params: &Params, own_sessions: u32, population: &Population) -> f64 {
    if population.keys == 0 || population.sessions == 0 || own_sessions == 0 {
        return 0.0;
    }
    let bound = f64::from(params.usage_milli_max) / 1000.0;
    let nats =
        libm::log(wide(population.sessions)) - libm::log(wide(population.keys) * f64::from(own_sessions));
    nats.max(-bound).min(bound)
}

#[expect(clippy::cast_precision_loss, reason = "counts of sessions are far below 2^52")]
const fn wide(n: u64) -> f64 {
    n as f64
}

#[expect(clippy::cast_precision_loss, reason = "at most SESSIONS_MAX")]
const fn count(n: usize) -> f64 {
    n as f64
}

#[expect(clippy::cast_possible_truncation, reason = "clipped to thousandths of some nats before")]
fn milli(nats: f64) -> i32 {
    libm::round(nats.clamp(-100.0, 100.0) * 1000.0) as i32
}
