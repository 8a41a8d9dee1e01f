//! A program that trades: looks at balances, places orders far below the market, takes them back; sleeps at night, stops when told.

use super::pace::Pace;
use super::wire::Line;
use crate::cast::{Bot, Draws, Hand};
use crate::world::{LiveKey, World};
use anyhow::Result;
use http::Method;
use std::sync::Arc;
use std::time::Duration;

/// Orders rest: far below any price.
const PRICES: [&str; 4] = ["50000000", "50010000", "51000000", "52500000"];
/// Refusals of a key that has ended after which its user gives up.
const ENDED_MAX: u32 = 8;
/// Between two looks of who has been told to stop.
const STOPPED_LOOK: Duration = Duration::from_millis(200);

/// Runs for the whole of the demo.
pub(super) async fn runs(world: Arc<World>, number: usize, bot: Bot, pace: Pace) -> Result<()> {
    pace.until(bot.from).await;
    let mut draws = Draws::of_seed(world.seed ^ (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let line = Line::from(bot.at, world.ports.gate, bot.client);
    let Some(key) = world.key(bot.key) else { return std::future::pending().await };
    let first = key.issued().id;
    let mut program = Program { line, resting: None, refused_as_ended: 0 };
    while pace.today() < bot.until && program.refused_as_ended < ENDED_MAX {
        let gap = draws.between(0.6, 1.4) / bot.per_day;
        tokio::time::sleep(pace.days(gap)).await;
        let asleep = {
            let (from, long) = bot.night;
            (pace.today() - from).rem_euclid(1.0) < long
        };
        if asleep {
            continue;
        }
        if bot.until_rotated && key.issued().id != first {
            break;
        }
        if bot.hand == Hand::Owner && key.is_stopped() {
            tokio::time::sleep(STOPPED_LOOK).await;
            continue;
        }
        program.acts(key, &bot, &mut draws).await;
    }
    // Done with the key; the demo goes on.
    std::future::pending().await
}

struct Program {
    line: Line,
    resting: Option<String>,
    refused_as_ended: u32,
}

impl Program {
    /// The next thing it does. What goes wrong on the way is a program's everyday life.
    async fn acts(&mut self, key: &LiveKey, bot: &Bot, draws: &mut Draws) {
        let issued = key.issued();
        let answered = if let Some(order) = self.resting.take() {
            self.line.send(&issued, Method::DELETE, "/v1/order", &[("uuid", &order)]).await
        } else if draws.percent(bot.orders_percent) {
            let price = draws.pick(&PRICES).unwrap_or("50000000");
            let volume = if draws.percent(50) { "0.001" } else { "0.002" };
            let params = [
                ("market", "KRW-BTC"),
                ("side", "bid"),
                ("volume", volume),
                ("price", price),
                ("ord_type", "limit"),
            ];
            let answered = self.line.send(&issued, Method::POST, "/v1/orders", &params).await;
            if let Ok(said) = &answered {
                self.resting = said.body["uuid"].as_str().map(str::to_owned);
            }
            answered
        } else if draws.percent(30) {
            self.line.send(&issued, Method::GET, "/v1/orders/chance", &[("market", "KRW-BTC")]).await
        } else {
            self.line.send(&issued, Method::GET, "/v1/accounts", &[]).await
        };
        if let Ok(said) = answered {
            key.note(said.status);
            let ended = said.status == 401 && said.error.contains("expired");
            self.refused_as_ended = if ended { self.refused_as_ended + 1 } else { 0 };
        }
    }
}

/// The owner sends one request with a code of a control test in it; its HTTP status.
pub(super) async fn sends_code(world: &World, place: (usize, usize), code: &str) -> Result<u16> {
    let Some(key) = world.key(place) else { return Ok(0) };
    let of_owner = world.cast.bots.iter().filter(|bot| bot.key == place && bot.hand == Hand::Owner);
    let Some(bot) = of_owner.min_by(|one, other| one.from.total_cmp(&other.from)) else { return Ok(0) };
    let line = Line::from(bot.at, world.ports.gate, bot.client);
    let params = [("market", "KRW-BTC"), ("sumun_code", code)];
    Ok(line.send(&key.issued(), Method::GET, "/v1/orders/chance", &params).await?.status)
}
