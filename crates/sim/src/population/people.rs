//! Owners at the venue's pages: signing in from home, from the phone, from wherever they are.

use super::habit::hour_there;
use super::lines::session;
use super::out::Out;
use super::places::Host;
use super::plan::Person;
use super::{DAY, HOUR, SECOND, SLICE, Us};
use std::net::IpAddr;
use sumun_model::AccountId;
use sumun_model::wire::Line;
use sumun_model::wire::event::{SessionAction, SessionChannel};

impl Person {
    /// What he does in the slice from `from`.
    pub(super) fn slice(&self, from: Us, out: &mut Out<'_>) {
        let (first, hours) = self.hours;
        if (hour_there(from) - first).rem_euclid(24) >= hours {
            return;
        }
        let mut draws = self.tree.child("sessions", u64::try_from(from / SLICE).unwrap_or(0)).draws();
        let slices = u64::try_from(hours * HOUR / SLICE).unwrap_or(1).max(1);
        for _ in 0..draws.count(self.per_100_days * 10 / slices) {
            let at = from + draws.between(0, SLICE - 1);
            if !out.world.weather.is_up(0, at) {
                continue;
            }
            let seat = self.seats.iter().find(|seat| (seat.from..seat.until).contains(&at));
            let by_phone = draws.chance(self.phone_permille);
            let (host, device, channel): (&Host, &str, _) = match seat {
                Some(seat) if !by_phone => (&seat.host, &seat.device, SessionChannel::Web),
                _ => (&self.phone.0, &self.phone.1, SessionChannel::App),
            };
            let ip = host.address(at, draws.any());
            let mut actions = vec![(at, SessionAction::Login)];
            if draws.chance(40) {
                actions.insert(0, (at - 20 * SECOND, SessionAction::LoginFailed));
            }
            if draws.chance(350) {
                actions.push((at + draws.between(5, 60) * SECOND, SessionAction::SecondFactor));
            }
            if draws.chance(250) {
                actions.push((at + draws.between(120, 2400) * SECOND, SessionAction::Logout));
            }
            for (at, action) in actions {
                // A slip before the world begins is nobody's to tell.
                if at >= from {
                    let line = signed_in(at, out.id('s'), &self.account, action, (channel, ip, device));
                    out.push(at, line);
                }
            }
        }
    }
}

/// The line of one act.
pub(super) fn signed_in(
    at: Us,
    id: sumun_model::EventId,
    account: &AccountId,
    action: SessionAction,
    (channel, ip, device): (SessionChannel, IpAddr, &str),
) -> Line {
    let mut line = session(at, id, account.clone());
    line.action = Some(action);
    line.channel = Some(channel);
    line.ip = Some(ip);
    line.device = Some(device.to_owned());
    Line::Session(Box::new(line))
}

/// The last instant a world of that many days may hold.
pub(super) fn end_of(start: Us, days: u32) -> Us {
    start + i64::from(days) * DAY
}
