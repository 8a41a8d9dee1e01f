//! Lines of the wire with everything unknown, to be filled in.

use super::Us;
use super::names::made;
use sumun_model::wire::event::{AccessChannel, Medium};
use sumun_model::wire::state::TypeWord;
use sumun_model::wire::{AccessLine, KeyLine, Line, OrderLine, ReportLine, SessionLine, TickLine, TradeLine};
use sumun_model::{AccountId, EventId, KeyId, MarketId, Timestamp};

/// That instant.
pub(super) const fn time(at: Us) -> Timestamp {
    Timestamp::from_micros(at)
}

/// An id from its letter, the unit's name and a number.
pub(super) fn event_id(letter: char, unit: &str, number: u64) -> EventId {
    made(&format!("{letter}-{unit}-{number:x}"))
}

pub(super) fn access(at: Us, id: EventId) -> AccessLine {
    AccessLine {
        type_word: TypeWord,
        ts: time(at),
        id,
        gate: None,
        key: None,
        account: None,
        ip: None,
        channel: Some(AccessChannel::Rest),
        ja4: None,
        agent: None,
        method: None,
        route: None,
        effect: None,
        scope: None,
        market: None,
        verdict: None,
        reason: None,
        enforced: Some(true),
        signature: None,
        checks: None,
        status: None,
        latency_us: None,
        skew_ms: None,
        nonce: None,
        token_time: None,
        tcp_rtt_us: None,
        tls_rtt_us: None,
        source: None,
        seq: None,
        ext: None,
    }
}

pub(super) fn order(at: Us, id: EventId, account: AccountId, key: Option<KeyId>) -> OrderLine {
    OrderLine {
        type_word: TypeWord,
        ts: time(at),
        id,
        account,
        key,
        medium: Some(Medium::Api),
        request: None,
        market: None,
        order: None,
        action: None,
        side: None,
        kind: None,
        price: None,
        quantity: None,
        remaining: None,
        source: None,
        seq: None,
        ext: None,
    }
}

pub(super) fn trade(at: Us, id: EventId, market: MarketId) -> TradeLine {
    TradeLine {
        type_word: TypeWord,
        ts: time(at),
        id,
        market,
        price: None,
        quantity: None,
        taker_side: None,
        taker_account: None,
        taker_key: None,
        taker_order: None,
        maker_account: None,
        maker_key: None,
        maker_order: None,
        source: None,
        seq: None,
        ext: None,
    }
}

pub(super) fn session(at: Us, id: EventId, account: AccountId) -> SessionLine {
    SessionLine {
        type_word: TypeWord,
        ts: time(at),
        id,
        account,
        key: None,
        action: None,
        channel: None,
        ip: None,
        device: None,
        remote_control: Some(false),
        source: None,
        seq: None,
        ext: None,
    }
}

pub(super) fn report(at: Us, id: EventId, account: AccountId, key: KeyId) -> ReportLine {
    ReportLine {
        type_word: TypeWord,
        ts: time(at),
        id,
        kind: None,
        key: Some(key),
        account: Some(account),
        reporter: Some("owner".to_owned()),
        reliability: None,
        outcome: None,
        source: None,
        seq: None,
        ext: None,
    }
}

pub(super) fn key(at: Us, id: KeyId, account: AccountId) -> KeyLine {
    KeyLine {
        type_word: TypeWord,
        ts: time(at),
        key: id,
        account: Some(account),
        state: None,
        scopes: None,
        allowlist: None,
        purpose: None,
        application: None,
        operator: None,
        vendor: None,
        created: None,
        expires: None,
        replaces: None,
        mandate: None,
        measure: None,
        cause: None,
        source: None,
        seq: None,
        ext: None,
    }
}

pub(super) fn tick(at: Us) -> Line {
    Line::Tick(Box::new(TickLine { type_word: TypeWord, ts: time(at), source: None, seq: None, ext: None }))
}

/// Names the line's producer, with its next number.
pub(super) fn sign(line: &mut Line, number: impl FnOnce(&str) -> u64) {
    macro_rules! each {
        ($($variant:ident),+) => {
            match line {
                Line::Access(line) => {
                    let name = line.gate.as_ref().map_or("gate", |gate| gate.as_str()).to_owned();
                    line.seq = Some(number(&name));
                    line.source = Some(name);
                }
                $(Line::$variant(line) => {
                    let name = producer(stringify!($variant));
                    line.seq = Some(number(name));
                    line.source = Some(name.to_owned());
                })+
            }
        };
    }
    each!(
        Account, Vendor, Key, Delegation, Network, Market, Session, Order, Trade, Quote, Transfer, Report,
        Tick
    );
}

/// Which system of a venue sends such lines.
fn producer(variant: &str) -> &'static str {
    match variant {
        "Session" => "identity",
        "Order" | "Trade" | "Quote" => "engine",
        "Transfer" => "wallet",
        "Tick" => "clock",
        "Network" => "networks",
        "Market" => "markets",
        _ => "govern",
    }
}
