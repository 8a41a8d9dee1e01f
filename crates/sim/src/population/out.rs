//! Where a unit's lines go while they are made: each with its instant, each event with the unit's next number.

use super::lines::event_id;
use super::{Scene, Us};
use sumun_model::EventId;
use sumun_model::wire::Line;

/// Lines of one unit, not yet in order.
pub(super) struct Out<'a> {
    /// The world they happen in.
    pub(super) world: &'a Scene,
    name: &'a str,
    events: &'a mut u64,
    lines: &'a mut Vec<(Us, Line)>,
}

impl<'a> Out<'a> {
    pub(super) const fn new(
        world: &'a Scene,
        name: &'a str,
        events: &'a mut u64,
        lines: &'a mut Vec<(Us, Line)>,
    ) -> Self {
        Self { world, name, events, lines }
    }

    /// The next event's id.
    pub(super) fn id(&mut self, letter: char) -> EventId {
        *self.events += 1;
        event_id(letter, self.name, *self.events)
    }

    /// A number for an order at the venue.
    pub(super) fn order_name(&mut self) -> String {
        *self.events += 1;
        format!("O-{}-{:x}", self.name, self.events)
    }

    /// Takes a line.
    pub(super) fn push(&mut self, at: Us, line: Line) {
        self.lines.push((at, line));
    }
}
