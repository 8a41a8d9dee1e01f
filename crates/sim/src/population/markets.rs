//! Markets and their prices: made up, and a function of time alone, so that nobody has to be asked in turn.

use super::tree::mixed;
use super::{HOUR, Us};

/// One market. Prices are in thousandths of a won.
#[derive(Clone, Copy, Debug)]
pub(super) struct Market {
    /// Its name.
    pub(super) name: &'static str,
    base: u64,
    /// Smallest step of its price.
    pub(super) tick: u64,
}

const fn market(name: &'static str, won: u64, tick: u64) -> Market {
    Market { name, base: won * 1000, tick }
}

/// Every market, the most traded first.
pub(super) const MARKETS: [Market; 16] = [
    market("KRW-BTC", 142_000_000, 1_000_000),
    market("KRW-ETH", 5_100_000, 1_000_000),
    market("KRW-XRP", 3_200, 1000),
    market("KRW-SOL", 240_000, 100_000),
    market("KRW-DOGE", 310, 100),
    market("KRW-ADA", 980, 1000),
    market("KRW-LINK", 27_000, 10_000),
    market("KRW-AVAX", 41_000, 10_000),
    market("KRW-TRX", 420, 100),
    market("KRW-DOT", 6_200, 10_000),
    market("KRW-SUI", 4_700, 1000),
    market("KRW-ETC", 31_000, 10_000),
    market("KRW-BCH", 780_000, 100_000),
    market("KRW-NEAR", 4_100, 1000),
    market("KRW-ATOM", 7_300, 10_000),
    market("KRW-STX", 1_150, 1000),
];

/// The market at that place of [`MARKETS`], which is taken to have no end.
pub(super) fn market_at(index: u64) -> Market {
    let at = usize::try_from(index % MARKETS.len() as u64).unwrap_or(0);
    #[expect(clippy::indexing_slicing, reason = "INVARIANT: taken modulo the length")]
    MARKETS[at]
}

impl Market {
    /// Its price then: up to 4 % about its base, a straight line between hours.
    pub(super) fn price(&self, salt: u64, at: Us) -> u64 {
        let hour = u64::try_from(at / HOUR).unwrap_or(0);
        let part = u64::try_from(at % HOUR / 1_000_000).unwrap_or(0);
        let salt = mixed(salt, self.base);
        // A day's level and an hour's, in ten-thousandths.
        let level = |hour: u64| 9_600 + mixed(salt, hour / 24) % 600 + mixed(!salt, hour) % 200;
        let (a, b) = (level(hour), level(hour + 1));
        let now = (a * (3600 - part) + b * part) / 3600;
        self.on_tick(self.base / 10_000 * now)
    }

    /// That price on the market's step.
    pub(super) fn on_tick(&self, price: u64) -> u64 {
        (price / self.tick).max(1) * self.tick
    }
}

/// Thousandths as a decimal without needless zeros.
pub(super) fn milli(n: u64) -> String {
    trimmed(n / 1000, n % 1000, 3)
}

/// Hundred-millionths as a decimal without needless zeros.
pub(super) fn quantity(n: u64) -> String {
    trimmed(n / 100_000_000, n % 100_000_000, 8)
}

fn trimmed(whole: u64, part: u64, digits: usize) -> String {
    if part == 0 {
        return whole.to_string();
    }
    format!("{whole}.{part:0digits$}").trim_end_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_print_as_a_venue_prints_them() {
        assert_eq!((milli(95_000_000_000), milli(310_100)), ("95000000".into(), "310.1".into()));
        assert_eq!((quantity(1_000_000), quantity(300_000_000)), ("0.01".into(), "3".into()));
    }

    #[test]
    fn prices_stay_near_their_base_and_move_slowly() {
        for market in MARKETS {
            let mut last = market.price(9, 0);
            for minute in 1..3000 {
                let now = market.price(9, minute * 60_000_000);
                assert!(now.abs_diff(market.base) * 20 <= market.base + market.tick * 20, "{}", market.name);
                assert!(now.abs_diff(last) * 100 <= market.base + 100 * market.tick, "{}", market.name);
                last = now;
            }
        }
    }
}
