//! A driver's lines: looks, orders, and what becomes of the orders.

use super::gate::{self, Luck, Route, Sender};
use super::habit::Signal;
use super::lines::{order, trade};
use super::markets::{Market, market_at, milli, quantity};
use super::names::made;
use super::out::Out;
use super::plan::{Driver, Key, Proof, Stage};
use super::tree::Draws;
use super::{HOUR, MINUTE, MS, SECOND, SLICE, Us};
use sumun_model::wire::event::{OrderAction, OrderKind, Side};
use sumun_model::wire::{Ext, Line, OrderLine};
use sumun_model::{Decimal, OrderId};

impl Driver {
    /// The lines that begin in the slice from `from`; what follows of an order may come later.
    pub(super) fn slice(&self, key: &Key, from: Us, out: &mut Out<'_>) {
        // Orders come up to ten minutes behind their signal.
        let (begin, end) = (from, from + SLICE + HOUR);
        if !self.stages.iter().any(|stage| stage.from < end && begin < stage.until) {
            return;
        }
        let number = u64::try_from(from / SLICE).unwrap_or(0);
        let mut draws = self.tree.child("looks", number).draws();
        for at in self.rhythm.looks(from, from + SLICE, &mut draws) {
            self.look(key, at, out, &mut draws);
        }
        let mut draws = self.tree.child("orders", number).draws();
        for signal in self.brain.signals(from, from + SLICE, self.rhythm.hours_a_day()) {
            let at = signal.at + draws.between(self.brain.delay.0, self.brain.delay.1);
            if !draws.chance(self.brain.skip) && self.rhythm.is_on(signal.at) {
                self.place(key, at, &signal, out, &mut draws);
            }
        }
    }

    /// Where it runs then, if it does and anything reaches the venue.
    fn stage(&self, at: Us, out: &Out<'_>) -> Option<&Stage> {
        let paused = self.pauses.iter().any(|(from, until)| (*from..*until).contains(&at));
        let stage = self.stages.iter().find(|stage| (stage.from..stage.until).contains(&at))?;
        (!paused && out.world.weather.is_up(stage.host.net.asn, at)).then_some(stage)
    }

    fn sender<'a>(key: &Key, stage: &'a Stage, at: Us, out: &Out<'_>, draws: &mut Draws) -> Sender<'a> {
        Sender {
            host: &stage.host,
            ip: stage.host.address(at, draws.any()),
            agent: stage.client.agent(at, &out.world.weather),
            ja4: key.sees_tls.then(|| stage.client.ja4(at, &out.world.weather)),
            sends_time: stage.client.library.sends_time,
        }
    }

    /// One request; whether it went through, and its line's id.
    fn ask(
        &self,
        key: &Key,
        at: Us,
        call: (Route, Option<Market>),
        out: &mut Out<'_>,
        draws: &mut Draws,
    ) -> Option<(sumun_model::EventId, bool)> {
        let stage = self.stage(at, out)?;
        let sender = Self::sender(key, stage, at, out, draws);
        let luck = match draws.below(1000) {
            0 => Luck::TooFast,
            1..=9 if call.0.makes() => Luck::VenueRefuses,
            _ => Luck::Fair,
        };
        let (line, passed) = gate::ask(out, key, at, call, &sender, luck, draws);
        let id = line.id.clone();
        out.push(at, Line::Access(Box::new(line)));
        Some((id, passed))
    }

    /// Reads what its kind of programme reads. A programme that is refused tries once a look.
    fn look(&self, key: &Key, at: Us, out: &mut Out<'_>, draws: &mut Draws) {
        let market = Some(market_at(self.brain.markets.first().copied().unwrap_or(0)));
        let reads: &[Route] = match self.rhythm.reads {
            0 => &[gate::ACCOUNTS],
            1 => &[gate::ACCOUNTS, gate::OPEN],
            2 => &[gate::OPEN],
            3 => &[gate::CHANCE],
            _ => &[gate::ACCOUNTS, gate::CLOSED],
        };
        let mut then = at;
        for route in reads {
            let Some((_, passed)) = self.ask(key, then, (*route, market), out, draws) else { return };
            if !passed {
                return;
            }
            then += draws.between(60, 700) * MS;
        }
        if draws.chance(15) {
            let call = if draws.chance(300) { gate::DEPOSITS } else { gate::LOOK_UP };
            let _ = self.ask(key, then, (call, None), out, draws);
        }
        // Streams are opened anew a few times a day.
        if self.rhythm.stream && draws.chance(30) {
            let _ = self.ask(key, then + 200 * MS, (gate::STREAM, None), out, draws);
        }
    }

    /// Places an order and tells what becomes of it.
    fn place(&self, key: &Key, at: Us, signal: &Signal, out: &mut Out<'_>, draws: &mut Draws) {
        let market = market_at(self.brain.market(signal));
        let Some((request, passed)) = self.ask(key, at, (gate::PLACE, Some(market)), out, draws) else {
            return;
        };
        if !passed {
            return;
        }
        let limit = signal.fate % 1000 < self.brain.limit;
        let now = market.price(out.world.price_salt, at);
        // A resting order stands up to 1 % away, on the side where it rests.
        let away = now / 10_000 * (signal.fate >> 10 & 0x3f) * 100 / 64;
        let price = match (limit, signal.buys) {
            (false, _) => now,
            (true, true) => market.on_tick(now - away),
            (true, false) => market.on_tick(now + away),
        };
        let worth_milli = u128::from(self.brain.worth(signal)) * 1000;
        let amount = u64::try_from(worth_milli * 100_000_000 / u128::from(price.max(1))).unwrap_or(1).max(1);
        let made_order =
            Made { market, price, amount, limit, buys: signal.buys, name: made(&out.order_name()) };
        let then = at + draws.between(2, 40) * MS;
        let mut line = made_order.line(key, then, OrderAction::New, out);
        line.request = Some(request);
        out.push(then, Line::Order(Box::new(line)));

        let fate = signal.fate >> 20;
        if limit && fate % 1000 < self.brain.cancels {
            let later = then + draws.spread(240, 3).max(2) as i64 * SECOND;
            if let Some((request, true)) = self.ask(key, later, (gate::CANCEL, None), out, draws) {
                let done = later + draws.between(2, 30) * MS;
                let mut line = made_order.line(key, done, OrderAction::Cancel, out);
                line.request = Some(request);
                out.push(done, Line::Order(Box::new(line)));
            }
        } else if !limit || fate / 1000 % 1000 < 800 {
            let wait = if limit { draws.between(SECOND, 3 * HOUR / 2) } else { draws.between(MS, 30 * MS) };
            self.fill(key, then + wait.min(90 * MINUTE), &made_order, out, draws);
        }
    }

    fn fill(&self, key: &Key, at: Us, made_order: &Made, out: &mut Out<'_>, draws: &mut Draws) {
        let mut line = made_order.line(key, at, OrderAction::Fill, out);
        line.remaining = Some(made("0"));
        out.push(at, Line::Order(Box::new(line)));
        // The venue tells of half of all trades here; the other side is somebody outside this world.
        if self.against.is_none() && !draws.chance(500) {
            return;
        }
        let at = at + 1;
        let mut line = trade(at, out.id('t'), made(made_order.market.name));
        line.price = Some(made_order.price());
        line.quantity = Some(made_order.quantity());
        let takes = !made_order.limit || self.against.is_some();
        line.taker_side = Some(if takes == made_order.buys { Side::Buy } else { Side::Sell });
        let own = (Some(key.account.clone()), Some(key.id.clone()), Some(made_order.name.clone()));
        let other = self.against.as_ref().map(|(account, key)| (account.clone(), key.clone()));
        let (other_account, other_key) = other.unzip();
        if takes {
            (line.taker_account, line.taker_key, line.taker_order) = own;
            (line.maker_account, line.maker_key) = (other_account, other_key);
        } else {
            (line.maker_account, line.maker_key, line.maker_order) = own;
        }
        out.push(at, Line::Trade(Box::new(line)));
    }
}

impl Proof {
    /// Its line: one refused request that bears a code.
    pub(super) fn line(&self, key: &Key, number: u64, out: &mut Out<'_>) {
        let mut draws = key.draws(number);
        let sender = Sender {
            host: &self.host,
            ip: self.host.address(self.at, 0),
            agent: self.client.agent(self.at, &out.world.weather),
            ja4: key.sees_tls.then(|| self.client.ja4(self.at, &out.world.weather)),
            sends_time: self.client.library.sends_time,
        };
        let call = (gate::ACCOUNTS, None);
        let (mut line, _) = gate::ask(out, key, self.at, call, &sender, Luck::Fair, &mut draws);
        // What a gate leaves of a code is a mark.
        line.ext = Some(Ext::single("code", format!("{:016x}", draws.any()).into()));
        out.push(self.at, Line::Access(Box::new(line)));
    }
}

/// An order at the venue.
struct Made {
    market: Market,
    price: u64,
    amount: u64,
    limit: bool,
    buys: bool,
    name: OrderId,
}

impl Made {
    fn price(&self) -> Decimal {
        made(&milli(self.price))
    }

    fn quantity(&self) -> Decimal {
        made(&quantity(self.amount))
    }

    fn line(&self, key: &Key, at: Us, action: OrderAction, out: &mut Out<'_>) -> OrderLine {
        let mut line = order(at, out.id('o'), key.account.clone(), Some(key.id.clone()));
        line.market = Some(made(self.market.name));
        line.order = Some(self.name.clone());
        line.action = Some(action);
        line.side = Some(if self.buys { Side::Buy } else { Side::Sell });
        line.kind = Some(if self.limit { OrderKind::Limit } else { OrderKind::Market });
        line.price = self.limit.then(|| self.price());
        line.quantity = Some(self.quantity());
        line.remaining = Some(self.quantity());
        line
    }
}
