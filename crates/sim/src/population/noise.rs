//! Strangers' requests in a key's name: floods and probes. None is rightly signed.

use super::gate::{self, Luck, Sender};
use super::out::Out;
use super::places::Host;
use super::plan::{Key, Noise};
use super::{SLICE, Us};
use sumun_model::wire::Line;

/// Failures from one source in a minute after which our gate no longer looks (its default).
const FAILURES_MAX: u64 = 20;

impl Noise {
    /// What is sent in the slice from `from`.
    pub(super) fn slice(&self, key: &Key, from: Us, out: &mut Out<'_>) {
        let (begin, end) = (self.from.max(from), self.until.min(from + SLICE));
        if begin >= end {
            return;
        }
        let mut draws = self.tree.child("noise", u64::try_from(from / SLICE).unwrap_or(0)).draws();
        let share = u64::try_from(SLICE / 1_000_000).unwrap_or(0);
        let mut times: Vec<Us> =
            (0..self.per_hour * share / 3600).map(|_| draws.between(begin, end - 1)).collect();
        times.sort_unstable();
        let mut failures: Vec<(u64, Us, u64)> = Vec::new();
        for at in times {
            let source = draws.below(self.addresses.max(1));
            let Some(host) = self.source(source) else { return };
            let minute = at / super::MINUTE;
            let failed = match failures.iter_mut().find(|(s, _, _)| *s == source) {
                Some(entry) if entry.1 == minute => {
                    entry.2 += 1;
                    entry.2
                }
                Some(entry) => {
                    (entry.1, entry.2) = (minute, 1);
                    1
                }
                None => {
                    failures.push((source, minute, 1));
                    1
                }
            };
            let luck = if failed > FAILURES_MAX { Luck::Tripped } else { Luck::Forged };
            let route = if draws.chance(700) { gate::ACCOUNTS } else { gate::PLACE };
            let sender = Sender {
                ip: host.address(at, 0),
                host: &host,
                agent: draws.pick(&["curl/8.5.0", "python-requests/2.32.3", "Go-http-client/1.1"]).to_owned(),
                ja4: Some(
                    draws
                        .pick(&[
                            "t13d3112h2_e8f1e7e78f70_b26ce05bbdd6",
                            "t13d1011h1_61a7ad8aa9b6_3a8073edd8ef",
                        ])
                        .to_owned(),
                ),
                sends_time: false,
            };
            let (line, _) = gate::ask(out, key, at, (route, None), &sender, luck, &mut draws);
            out.push(at, Line::Access(Box::new(line)));
        }
    }

    /// The host of that number, the same whenever it sends.
    fn source(&self, number: u64) -> Option<Host> {
        let mut draws = self.tree.child("source", number).draws();
        let at = usize::try_from(draws.below(self.nets.len() as u64)).unwrap_or(0);
        let net = *self.nets.get(at)?;
        let hood = net.hood(&mut draws);
        let address = net.v4(hood, &mut draws);
        Some(Host::at(net, address, &mut draws))
    }
}
