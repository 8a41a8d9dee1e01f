//! The floor: three rules that anybody would write on the first day, on the same lines.
//!
//! 1. The client family differs from the first one seen on the key.
//! 2. Any refusal of a request that names the key.
//! 3. Six keys from one /24 (IPv6: /48) with one fingerprint (TLS mark and agent text): all of them, and every later one.
//!
//! An alarm is a key's first; each rule is kept by itself too.

use std::collections::{BTreeSet, HashMap};
use sumun_detect::seen::Client;
use sumun_model::wire::AccessLine;
use sumun_model::wire::event::Verdict;
use sumun_model::{KeyId, Prefix};

/// How many rules.
pub const RULES: usize = 3;
/// Their names.
pub const RULE_WORDS: [&str; RULES] =
    ["client family changed", "any refusal", "six keys, one /24, one fingerprint"];
/// Keys that are too many.
const CROWD: usize = 6;

/// What the rules remember. A world long; it goes with it.
#[derive(Debug, Default)]
pub struct Naive {
    families: HashMap<KeyId, String>,
    crowds: HashMap<(Prefix, String), BTreeSet<KeyId>>,
}

impl Naive {
    /// Alarms of a line: rule and key. Told again with every line that meets a rule.
    pub fn line(&mut self, line: &AccessLine) -> Vec<(usize, KeyId)> {
        let Some(key) = &line.key else { return Vec::new() };
        let mut alarms = Vec::new();
        let agent = line.agent.as_deref().unwrap_or_default();
        if line.verdict == Some(Verdict::Deny) {
            alarms.push((1, key.clone()));
        }
        let family = Client::of(agent).family;
        match self.families.get(key) {
            Some(first) if *first != family => alarms.push((0, key.clone())),
            Some(_) => {}
            None => {
                self.families.insert(key.clone(), family);
            }
        }
        if let Some(address) = line.ip {
            let mark = format!("{}|{agent}", line.ja4.as_deref().unwrap_or_default());
            let crowd = self.crowds.entry((Prefix::neighbourhood(address), mark)).or_default();
            let new = crowd.insert(key.clone());
            if new && crowd.len() == CROWD {
                alarms.extend(crowd.iter().map(|key| (2, key.clone())));
            } else if new && crowd.len() > CROWD {
                alarms.push((2, key.clone()));
            }
        }
        alarms
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sumun_model::wire::{Line, Origin, parse_line};

    fn access(key: &str, ip: &str, agent: &str, verdict: &str) -> AccessLine {
        let text = format!(
            r#"{{"type":"access","id":"a1","ts":"2026-05-28T09:00:00Z","key":"{key}","ip":"{ip}","agent":"{agent}","verdict":"{verdict}"}}"#
        );
        match parse_line(Origin { source_name: "test", line: 1 }, &text).unwrap() {
            Line::Access(line) => *line,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_rule_by_hand() {
        let mut naive = Naive::default();
        let key = |n: &str| n.parse::<KeyId>().unwrap();
        assert_eq!(naive.line(&access("K1", "192.0.2.1", "ccxt/4.5", "allow")), []);
        assert_eq!(naive.line(&access("K1", "192.0.2.1", "ccxt/5.0", "allow")), [], "a version is no family");
        assert_eq!(naive.line(&access("K1", "192.0.2.1", "pyupbit/1", "allow")), [(0, key("K1"))]);
        assert_eq!(naive.line(&access("K1", "192.0.2.1", "ccxt/4.5", "deny")), [(1, key("K1"))]);
        for n in 2..6 {
            assert_eq!(naive.line(&access(&format!("K{n}"), "192.0.2.99", "ccxt/4.5", "allow")), []);
        }
        let sixth = naive.line(&access("K6", "192.0.2.7", "ccxt/4.5", "allow"));
        assert_eq!(sixth.len(), 6);
        assert!(sixth.iter().all(|(rule, _)| *rule == 2));
        assert_eq!(naive.line(&access("K7", "192.0.2.7", "ccxt/4.5", "allow")), [(2, key("K7"))]);
        assert_eq!(naive.line(&access("K7", "192.0.2.8", "ccxt/4.5", "allow")), [], "once in a crowd");
        assert_eq!(naive.line(&access("K8", "192.0.3.8", "ccxt/4.5", "allow")), [], "another network");
    }
}
