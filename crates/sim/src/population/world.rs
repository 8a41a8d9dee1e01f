//! A world: its stories, cast from the seed, ready to be told.

use super::cast::Cast;
use super::merge::{JsonLines, Lines};
use super::mix::Kind;
use super::people::end_of;
use super::plan::Unit;
use super::tree::Tree;
use super::weather::Weather;
use super::{Options, OptionsError, Scene, Truth};

/// A population with its ground truth, before its lines are made.
#[derive(Debug)]
pub struct World {
    scene: Scene,
    units: Vec<Unit>,
}

impl World {
    /// Casts every story. Memory is by keys, not by lines.
    ///
    /// # Errors
    /// The options make no world.
    pub fn new(options: &Options) -> Result<Self, OptionsError> {
        options.check()?;
        let root = Tree::root(options.seed);
        let start = options.start.as_micros();
        let end = end_of(start, options.days);
        let scene = Scene {
            start,
            end,
            activity: options.activity_permille.into(),
            ja4_percent: options.ja4_percent.into(),
            price_salt: root.child("prices", 0).number(),
            weather: Weather::new(&root.child("weather", 0), start, end - start),
        };
        // Two branches: what is on the one does not know how much is on the other.
        let mut units = cast(&scene, options, &root.child("clean", 0), false);
        units.extend(cast(&scene, options, &root.child("bad", 0), true));
        Ok(Self { scene, units })
    }

    /// The truth of every key: clean ones first, keys of one story together.
    pub fn truth(&self) -> impl Iterator<Item = &Truth> {
        self.units.iter().flat_map(|unit| unit.keys.iter().map(|key| &key.truth))
    }

    /// How many keys there are.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.units.iter().map(|unit| unit.keys.len()).sum()
    }

    /// Its lines in time order.
    #[must_use]
    pub fn lines(self) -> Lines {
        Lines::new(self.scene, self.units)
    }

    /// Its lines in time order, as JSON without the line feed.
    #[must_use]
    pub fn json_lines(self) -> JsonLines {
        JsonLines::new(self.lines())
    }
}

fn cast(scene: &Scene, options: &Options, tree: &Tree, bad: bool) -> Vec<Unit> {
    let wanted = u64::from(if bad { options.bad } else { options.clean });
    let kinds: Vec<Kind> = Kind::ALL
        .iter()
        .copied()
        .filter(|kind| kind.is_bad() == bad && (options.kinds.is_empty() || options.kinds.contains(kind)))
        .collect();
    let mut units = Vec::new();
    let (mut left, mut story) = (wanted, 0);
    while left > 0 {
        let tree = tree.child("story", story);
        let mut draws = tree.child("kind", 0).draws();
        // A story that does not fit any more is not told in part, unless no other is left.
        let fitting: Vec<Kind> = kinds.iter().copied().filter(|kind| kind.size().0 <= left).collect();
        let choice = if fitting.is_empty() { &kinds } else { &fitting };
        let Some(kind) = Kind::drawn(choice, &mut draws) else { break };
        let (least, most) = kind.size();
        let size = u64::try_from(draws.between(signed(least), signed(most))).unwrap_or(1).min(left);
        let mut cast = Cast::new(scene, kind, tree.child("cast", 0), story);
        kind.tell(&mut cast, size);
        let mut unit = cast.unit;
        // Latest first: they are taken from the end.
        unit.once.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        left = left.saturating_sub((unit.keys.len() as u64).max(1));
        units.push(unit);
        story += 1;
    }
    units
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
