//! Who of an address's customers is told of, with what strength, and who is explained.

use super::origin::{Count, Member, Origin, Vouched, Word};
use super::{Fanout, Params, State, who};
use crate::emit::{LinkSignal, Raw};
use crate::links::{LinkDetector, LinkMessage};
use sumun_model::wire::state::NetworkClass;
use sumun_model::{Cause, EventId, KeyId, Prefix, Timestamp, Value};

/// Most keys named in one signal: the latest used.
const NAMED_MAX: usize = 64;

/// Why a customer may be at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    Vendor,
    Delegation,
    Home,
}

impl Reason {
    const fn code(self) -> &'static str {
        match self {
            Self::Vendor => "approved_vendor_at_shared_address",
            Self::Delegation => "delegation_at_shared_address",
            Self::Home => "own_sessions_at_shared_address",
        }
    }
}

/// What was counted at the address.
struct Counts {
    short: u32,
    long: u32,
    exact: bool,
    unexplained: u32,
}

impl State {
    /// The use at hand was taken in: says what there is to say about the address now.
    pub(super) fn judge(
        &mut self,
        params: &Params,
        message: &LinkMessage,
        prefix: Prefix,
        (short, long): (Count, Count),
        out: &mut Vec<LinkSignal>,
    ) {
        let now = message.now;
        let Some(origin) = self.origins.get(&prefix) else { return };
        let shared = Params::is_shared(origin.class);
        let least = params.least(origin.class);
        if long.customers < least.max(2) {
            return;
        }
        let reason = |member: &Member| self.reason(params, prefix, member, now);
        let counts_member = |member: &&Member| {
            reason(member).is_none()
                && (!shared || member.keys.iter().any(|used| used.client == origin.client))
        };
        let accused: Vec<&Member> = origin.members.iter().filter(counts_member).collect();
        let named = u32::try_from(accused.len()).unwrap_or(u32::MAX);
        let explained = u32::try_from(origin.members.len()).unwrap_or(u32::MAX).saturating_sub(named);
        // Beyond the exact range, nobody knows of a stranger on a relay which client he used.
        let unexplained =
            if long.exact || shared { named } else { named.max(long.customers.saturating_sub(explained)) };
        let counts = Counts { short: short.customers, long: long.customers, exact: long.exact, unexplained };
        let expected = self.history.expected(origin.network, origin.class, origin.counted);

        if let Some(reason) = origin.members.iter().find(|m| m.who == who(message)).and_then(reason) {
            let values = values(message, prefix, origin, &counts, expected.mean_milli());
            self.explain(params, message, prefix, reason, values, out);
            return;
        }
        let household = origin.class == NetworkClass::Residential
            && unexplained <= params.household_max
            && accused.iter().all(|member| member.retail);
        let cap = if shared { params.shared_llr_max_milli } else { params.llr_max_milli };
        let llr = expected.llr_milli(unexplained, params.operator_customers).min(cap);
        if unexplained < least || household || llr <= 0 {
            return;
        }
        let mut edges: Vec<_> = accused.iter().flat_map(|member| member.keys.iter()).collect();
        let fresh = edges.iter().any(|used| used.word != Word::Accused);
        let since = origin.said.map(|said| now.micros_since(said) / 1_000_000);
        let pause = if fresh && counts.exact {
            0
        } else if fresh {
            params.crowded_s
        } else {
            params.repeat_s
        };
        if since.is_some_and(|since| since < i64::from(pause)) {
            return;
        }
        edges.sort_by(|a, b| (b.last, &a.key).cmp(&(a.last, &b.key)));
        edges.truncate(NAMED_MAX);
        let mut members: Vec<KeyId> = edges.iter().map(|used| used.key.clone()).collect();
        let mut events: Vec<(Timestamp, EventId)> =
            edges.iter().filter_map(|used| Some((used.last, used.event.clone()?))).collect();
        events.sort_unstable();
        members.sort_unstable();
        let code = if shared { "same_client_at_shared_address" } else { "customers_at_one_address" };
        let raw = Raw {
            code: code.to_owned(),
            cause: Cause::Lent,
            llr_milli: llr,
            values: values(message, prefix, origin, &counts, expected.mean_milli()),
            baseline: None,
            evidence: events.into_iter().map(|(_, event)| event).collect(),
            hard: None,
        };
        if let Some(origin) = self.origins.get_mut(&prefix) {
            origin.said = Some(now);
            let used = origin.members.iter_mut().flat_map(|member| member.keys.iter_mut());
            for used in used.filter(|used| members.binary_search(&used.key).is_ok()) {
                (used.word, used.word_at) = (Word::Accused, Some(now));
            }
        }
        out.push(signal(message, members, raw));
    }

    /// Why this customer may be here: every key he used from here is vouched for, or he is at home.
    fn reason(&self, params: &Params, prefix: Prefix, member: &Member, now: Timestamp) -> Option<Reason> {
        if self.is_at_home(params, prefix, member.who, now) {
            return Some(Reason::Home);
        }
        let mut reason = Some(Reason::Vendor);
        for used in &member.keys {
            match used.vouched {
                Some(Vouched::Vendor) => {}
                Some(Vouched::Delegation) => reason = Some(Reason::Delegation),
                None => return None,
            }
        }
        reason
    }

    /// A visible line for the key at hand, which may be where so many are; once in the long window. What was said against it
    /// here before is taken back under the same code.
    fn explain(
        &mut self,
        params: &Params,
        message: &LinkMessage,
        prefix: Prefix,
        reason: Reason,
        values: Vec<(String, Value)>,
        out: &mut Vec<LinkSignal>,
    ) {
        let Some(origin) = self.origins.get_mut(&prefix) else { return };
        let shared = Params::is_shared(origin.class);
        let Some(used) = origin.key_mut(who(message), &message.key) else { return };
        let cause = if reason == Reason::Home { Cause::Unknown } else { Cause::DocumentedDelegation };
        let raw = |code: &str, llr_milli| Raw {
            code: code.to_owned(),
            cause,
            llr_milli,
            values: values.clone(),
            baseline: None,
            evidence: message.event.iter().cloned().collect(),
            hard: None,
        };
        if used.word == Word::Accused {
            let code = if shared { "same_client_at_shared_address" } else { "customers_at_one_address" };
            out.push(signal(message, vec![message.key.clone()], raw(code, 0)));
        }
        let again = used
            .word_at
            .is_none_or(|at| message.now.micros_since(at) >= i64::from(params.long_s) * 1_000_000);
        if used.word != Word::Explained || again {
            let llr = if reason == Reason::Vendor { params.vendor_llr_milli.min(0) } else { 0 };
            (used.word, used.word_at) = (Word::Explained, Some(message.now));
            out.push(signal(message, vec![message.key.clone()], raw(reason.code(), llr)));
        }
    }
}

fn signal(message: &LinkMessage, members: Vec<KeyId>, raw: Raw) -> LinkSignal {
    LinkSignal {
        detector: Fanout::NAME,
        family: Fanout::FAMILY,
        members,
        by: message.key.clone(),
        raw,
        weights: Vec::new(),
    }
}

fn values(
    message: &LinkMessage,
    prefix: Prefix,
    origin: &Origin,
    counts: &Counts,
    expected_milli: i64,
) -> Vec<(String, Value)> {
    let network = message.network.as_ref();
    let org = network.and_then(|network| network.org.clone());
    let asn = network.and_then(|network| network.asn).map(|asn| format!("AS{asn}"));
    let name = org.or(asn).unwrap_or_else(|| Prefix::neighbourhood(prefix.network()).to_string());
    let mut values = vec![
        ("address".to_owned(), Value::Text(prefix.network().to_string())),
        ("class".to_owned(), Value::from(origin.class.as_str())),
        ("customers".to_owned(), Value::from(counts.long)),
        ("customers_short".to_owned(), Value::from(counts.short)),
        ("expected".to_owned(), Value::milli(expected_milli)),
        ("network".to_owned(), Value::Text(name)),
        ("unexplained".to_owned(), Value::from(counts.unexplained)),
    ];
    if !counts.exact {
        values.push(("count".to_owned(), Value::from("approximate")));
    }
    if let Some((vendor, _)) = &message.vendor {
        values.push(("vendor".to_owned(), Value::Text(vendor.to_string())));
    }
    values
}
