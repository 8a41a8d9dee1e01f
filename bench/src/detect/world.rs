//! Made-up lines, cheap to make: accounts and keys, then what gates and the exchange would tell of them.
//!
//! Lines are as long and as full as a gate's own; nulls and all checks are written. The clean sum of clients: most from home, some from
//! next door, few from another network, few refused. Nobody here is dishonest: that is the population's business (`sumun simulate`).

use crate::random::Random;
use std::fmt::Write;
use std::net::Ipv4Addr;
use sumun_model::Timestamp;

/// When all begins: 2026-06-01T00:00:00Z.
const BEGIN_US: i64 = 1_780_272_000_000_000;
/// Networks told of, each a /20 of 10.0.0.0/8.
const NETWORKS: u32 = 4_096;
/// Who runs them.
const OPERATORS: u32 = 300;
/// A key is used so often, on average, while all are live, microseconds.
pub const GAP_US: i64 = 50_000_000;

const CLASSES: [&str; 6] = ["residential", "mobile", "residential", "business", "hosting", "residential"];
const AGENTS: [&str; 6] = [
    "ccxt/4.5.6",
    "python-requests/2.32.3",
    "Go-http-client/2.0",
    "axios/1.7.9",
    "okhttp/4.12.0",
    "pyupbit/0.2.34",
];
const READS: [(&str, &str, &str); 4] = [
    ("GET", "/v1/accounts", "read_balances"),
    ("GET", "/v1/orders/open", "read_orders"),
    ("GET", "/v1/orders/closed", "read_orders"),
    ("GET", "/v1/order", "read_orders"),
];

/// Which keys are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Windows {
    /// All alike.
    Full,
    /// Few keys get most lines: Pareto, a fifth of the keys four fifths of the lines, and so on within the fifth.
    Hot,
}

/// The made-up world.
#[derive(Debug)]
pub struct World {
    keys: u64,
    random: Random,
    now_us: i64,
    number: u64,
}

/// The name of a key: 40 characters of which the first ones differ, as an exchange's do.
#[must_use]
pub fn key_name(key: u64) -> String {
    let mixed = key.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("{mixed:016x}MadeUpKey{key:015}")
}

fn home(key: u64) -> u32 {
    0x0a00_0000 | (key.wrapping_mul(0x9e37_79b1) as u32 & 0x00ff_ffff)
}

impl World {
    /// Of so many keys, each with an account of its own.
    #[must_use]
    pub const fn new(keys: u64) -> Self {
        Self { keys, random: Random::new(40), now_us: BEGIN_US, number: 0 }
    }

    /// Lets time pass.
    pub const fn pass(&mut self, us: i64) {
        self.now_us += us;
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.now_us)
    }

    /// What is known of networks.
    pub fn networks(&self) -> impl Iterator<Item = String> {
        let ts = self.now();
        (0..NETWORKS).map(move |n| {
            let (prefix, operator) = (Ipv4Addr::from_bits(0x0a00_0000 | n << 12), n % OPERATORS);
            let class = CLASSES.get(operator as usize % CLASSES.len()).unwrap_or(&"unknown");
            format!(
                r#"{{"type":"network","ts":"{ts}","prefix":"{prefix}/20","asn":{},"org":"Made-up Network {operator}","country":"KR","class":"{class}"}}"#,
                64_512 + operator
            )
        })
    }

    /// What is told of a key and its account.
    #[must_use]
    pub fn told(&self, key: u64) -> [String; 2] {
        let (ts, name, home) = (self.now(), key_name(key), Ipv4Addr::from_bits(home(key)));
        let next = Ipv4Addr::from_bits(home.to_bits() ^ 1);
        [
            format!(
                r#"{{"type":"account","ts":"{ts}","account":"A{key}","customer":"C{key}","person":"P{key}","segment":"retail","country":"KR","opened":"2025-03-02","owner":"O{key}","parent":null,"fee_tier":"standard"}}"#
            ),
            format!(
                r#"{{"type":"key","ts":"{ts}","key":"{name}","account":"A{key}","state":"active","scopes":["read","trade"],"allowlist":[{{"prefix":"{home}/32","since":"{ts}","proved":"{ts}"}},{{"prefix":"{next}/32","since":"{ts}","proved":null}}],"purpose":"own_bot","application":"bot","operator":"O{key}","vendor":null,"created":"{ts}","expires":"2027-06-01T00:00:00.000000Z","replaces":null,"mandate":{{"markets":null,"countries":["KR"],"orders_per_second_max":8}},"measure":null,"cause":null}}"#
            ),
        ]
    }

    /// A key by chance.
    pub fn key(&mut self, windows: Windows) -> u64 {
        let mut keys = self.keys;
        if windows == Windows::Hot {
            while keys > 5 && self.random.below(5) > 0 {
                keys /= 5;
            }
        }
        // The hot ones lie anywhere among the others.
        self.random.below(keys).wrapping_mul(2_654_435_761) % self.keys
    }

    /// The next lines of a key: a request, and what the exchange tells of it. Engine time moves so that all keys' uses
    /// together keep up the gap.
    pub fn step(&mut self, key: u64, out: &mut Vec<String>) {
        self.now_us += GAP_US / self.keys as i64;
        self.number += 1;
        match self.random.below(1_000) {
            0..5 => out.push(self.session(key)),
            5..8 => out.push(self.trade(key)),
            8..12 => out.push(self.access(key, "deny", "invalid", None)),
            12..300 => {
                let market = self.market(key);
                out.push(self.access(key, "allow", "valid", Some(&market)));
                out.push(self.order(key, &market));
            }
            _ => out.push(self.access(key, "allow", "valid", None)),
        }
    }

    fn market(&mut self, key: u64) -> String {
        let of = if self.random.below(100) < 85 { key } else { self.random.next() };
        format!("KRW-M{:02}", of % 60)
    }

    /// From where: home, next door, or a network not on the list, which the gate refuses.
    fn source(&mut self, key: u64) -> (Ipv4Addr, bool) {
        let home = home(key);
        match self.random.below(1_000) {
            0..2 => (Ipv4Addr::from_bits(0x0a00_0000 | (self.random.next() as u32 & 0x00ff_ffff)), false),
            2..100 => (Ipv4Addr::from_bits(home ^ 1), true),
            _ => (Ipv4Addr::from_bits(home), true),
        }
    }

    fn access(&mut self, key: u64, verdict: &str, signature: &str, order: Option<&str>) -> String {
        let (ip, listed) = self.source(key);
        let valid = signature == "valid";
        let passes = |held: bool| if held { "pass" } else { "fail" };
        let verdict = if listed { verdict } else { "deny" };
        let (reason, status) = match (valid, listed) {
            (true, true) => ("null", if order.is_some() { 201 } else { 200 }),
            (true, false) => (r#""address_not_allowed""#, 401),
            (false, _) => (r#""signature_invalid""#, 401),
        };
        let read = READS.get(self.random.below(4) as usize).copied().unwrap_or(("GET", "/", "read_orders"));
        let (method, route, scope) = if order.is_some() { ("POST", "/v1/orders", "trade") } else { read };
        let effect = if order.is_some() { "order" } else { "read" };
        let agent = AGENTS.get(key as usize % AGENTS.len()).unwrap_or(&"ccxt/4.5");
        let (ts, name, number) = (self.now(), key_name(key), self.number);
        let nonce = self.random.next();
        let mut line = String::with_capacity(1_024);
        // Writing to a string cannot fail.
        let _ = write!(
            line,
            r#"{{"type":"access","id":"gate-1:{number:016x}","ts":"{ts}","gate":"gate-1","key":"{name}","account":"A{key}","ip":"{ip}","channel":"rest","ja4":"t13d1516h2_8daaf61527{:02x}_02713d6af862","agent":"{agent}","method":"{method}","route":"{route}","effect":"{effect}","scope":"{scope}","market":"#,
            key % 40
        );
        let _ = match order {
            Some(market) => write!(line, r#""{market}""#),
            None => write!(line, "null"),
        };
        let _ = write!(
            line,
            r#","verdict":"{verdict}","reason":{reason},"enforced":true,"signature":"{signature}","checks":{{"signature":"{}","clock":"not_run","replay":"pass","status":"pass","address":"{}","client":"not_run","route":"pass","scope":"pass","grant":"not_run","account":"not_run","market":"not_run","operator":"not_run","confirmation":"not_run","halt":"not_run","rate":"pass","limit":"not_run","table_age":"pass"}},"status":{status},"latency_us":{},"skew_ms":{},"nonce":"{nonce:016x}","token_time":null,"tcp_rtt_us":{},"tls_rtt_us":null}}"#,
            passes(valid),
            passes(listed),
            300 + nonce % 900,
            nonce % 40,
            4_000 + nonce % 9_000
        );
        line
    }

    fn order(&self, key: u64, market: &str) -> String {
        let (ts, name, number) = (self.now(), key_name(key), self.number);
        format!(
            r#"{{"type":"order","id":"o{number}","ts":"{ts}","account":"A{key}","key":"{name}","medium":"api","request":"gate-1:{number:016x}","market":"{market}","order":"O-{number}","action":"new","side":"buy","kind":"limit","price":"95000000","quantity":"0.01","remaining":"0.01"}}"#
        )
    }

    fn trade(&self, key: u64) -> String {
        let (ts, name, number) = (self.now(), key_name(key), self.number);
        let maker = (key + 1) % self.keys;
        format!(
            r#"{{"type":"trade","id":"t{number}","ts":"{ts}","market":"KRW-M01","price":"95000000","quantity":"0.01","taker_side":"buy","taker_account":"A{key}","taker_key":"{name}","taker_order":"O-{number}","maker_account":"A{maker}","maker_key":"{}","maker_order":"O-{maker}"}}"#,
            key_name(maker)
        )
    }

    fn session(&self, key: u64) -> String {
        let (ts, number, ip) = (self.now(), self.number, Ipv4Addr::from_bits(home(key)));
        format!(
            r#"{{"type":"session","id":"s{number}","ts":"{ts}","account":"A{key}","key":null,"action":"login","channel":"app","ip":"{ip}","device":"d{key}","remote_control":false}}"#
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sumun_model::wire::{Origin, parse_line};

    #[test]
    fn every_line_is_a_line() {
        let mut world = World::new(100);
        let mut lines: Vec<String> = world.networks().take(3).chain(world.told(7)).collect();
        for _ in 0..5_000 {
            let key = world.key(Windows::Hot);
            world.step(key, &mut lines);
        }
        for line in &lines {
            parse_line(Origin { source_name: "made-up", line: 1 }, line).unwrap();
        }
        let access = lines.iter().find(|line| line.contains(r#""type":"access""#)).unwrap();
        assert!((800..1_100).contains(&access.len()), "{}", access.len());
    }

    #[test]
    fn hot_keys_get_most_lines() {
        let mut world = World::new(10_000);
        let mut counts = vec![0; 10_000];
        for _ in 0..100_000 {
            counts[world.key(Windows::Hot) as usize] += 1;
        }
        counts.sort_unstable();
        let hot: i32 = counts.iter().rev().take(2_000).sum();
        assert!((75_000..90_000).contains(&hot), "{hot}");
    }
}
