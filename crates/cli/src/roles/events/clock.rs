//! `tick` lines: so that windows end in time, whoever else is silent (WIRE 4).
//!
//! Timers fire at whole seconds of engine time, so there is one tick a second, whether or not events come: an event tells its own
//! time, a tick says that nothing older is under way, which is what a control test's window waits for. It is as late as the
//! latest of the sources delivers, so that what is still under way comes before the second that it belongs to ends; a source that
//! is later than `events.lag_ms_max` is not waited for. But after a start, for a minute: an event more than five minutes behind
//! feeds nothing, and gates may bring an hour.

use super::{Clock, Events};
use std::sync::Arc;
use std::time::Duration;
use sumun_model::Timestamp;
use sumun_server::events::{Batch, EventLine};
use tracing::error;

/// How often is looked whether a second has passed.
const LOOK: Duration = Duration::from_millis(100);
/// Added to the sources' delay: the spool is drained and synced within it.
const MARGIN_US: i64 = 150_000;
/// After a start, gates need so long to find the control plane again; what they kept for it comes before the time of now.
const RECONNECT_US: i64 = 3_000_000;
/// So long after a start, what gates kept is waited for.
const CATCH_UP_US_MAX: i64 = 60_000_000;
/// The source of ticks.
pub(crate) const SOURCE: &str = "clock";
const SECOND_US: i64 = 1_000_000;

/// Ticks for ever.
pub(crate) async fn run(events: Arc<Events>, clock: Clock, lag_us_max: i64) {
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut failing = false;
    let began = clock();
    let mut told = None;
    loop {
        look.tick().await;
        let ran_us = clock().micros_since(began);
        let waits = ran_us < RECONNECT_US || (ran_us < CATCH_UP_US_MAX && events.catching_up(lag_us_max));
        // A clock that was set back is no young process.
        if waits && ran_us >= 0 {
            continue;
        }
        let lag_us = events.lag_us().min(lag_us_max).saturating_add(MARGIN_US);
        let Some(at) = due(clock(), lag_us, told) else { continue };
        let position = events.held(SOURCE).saturating_add(1);
        let line = EventLine { position, ts: at, seq: None, source: None, text: text(at) };
        let after = position.saturating_sub(1);
        let batch = Batch { source: SOURCE.to_owned(), after, lines: vec![line], files: None };
        match events.take(batch).await {
            Ok(_) => (told, failing) = (Some(at), false),
            Err(cause) if !failing => {
                failing = true;
                error!("No tick can be written: {cause}");
            }
            Err(_) => {}
        }
    }
}

fn text(at: Timestamp) -> String {
    format!(r#"{{"type":"tick","ts":"{at}","source":"{SOURCE}"}}"#)
}

/// The whole second to tell of, if none was told or it is behind the last.
fn due(now: Timestamp, lag_us: i64, told: Option<Timestamp>) -> Option<Timestamp> {
    let second = now.as_micros().saturating_sub(lag_us).div_euclid(SECOND_US);
    let is_new = told.is_none_or(|told| second > told.as_micros().div_euclid(SECOND_US));
    is_new.then(|| Timestamp::from_micros(second.saturating_mul(SECOND_US)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sumun_model::wire::{Line, Origin, parse_line};

    fn at(us: i64) -> Timestamp {
        Timestamp::from_micros(1_795_000_000 * SECOND_US + us)
    }

    #[test]
    fn a_second_is_told_once() {
        assert_eq!(due(at(2_100_000), 200_000, Some(at(900_000))), Some(at(SECOND_US)));
        assert_eq!(due(at(2_100_000), 200_000, Some(at(SECOND_US))), None);
        assert_eq!(due(at(2_199_999), 200_000, Some(at(SECOND_US))), None);
        assert_eq!(due(at(2_200_000), 200_000, Some(at(SECOND_US))), Some(at(2 * SECOND_US)));
        assert_eq!(due(at(500_000), 0, None), Some(at(0)));
    }

    #[test]
    fn it_is_a_line_of_the_wire() {
        let line = parse_line(Origin { source_name: "clock", line: 1 }, &text(at(0)));
        assert!(matches!(line, Ok(Line::Tick(tick)) if tick.ts == at(0)));
    }
}
