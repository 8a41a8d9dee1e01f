//! One record of a source, as named cells: only what the mapping reads is kept, the rest is counted by name.
//!
//! [`csv`], [`json`] and [`pattern`] fill a [`Record`]; nothing here knows what a cell means.

pub(crate) mod csv;
pub(crate) mod json;
pub(crate) mod pattern;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// The fields a mapping reads, each with its place in a record.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    index: HashMap<String, usize>,
    /// Beginnings of dotted names: objects that are looked into.
    parents: HashSet<String>,
    /// Read only where they are there: one of several, or with something in their stead.
    optional: HashSet<String>,
    /// Known, and of no use here.
    ignored: HashSet<String>,
}

impl Slots {
    /// The place of a field that the mapping can do without.
    pub(crate) fn optional(&mut self, name: &str) -> usize {
        let relied_on = self.index.contains_key(name) && !self.optional.contains(name);
        let slot = self.slot(name);
        if !relied_on {
            self.optional.insert(name.to_owned());
        }
        slot
    }

    /// The place of a field that the mapping relies on; a new one if it was not read before.
    pub(crate) fn slot(&mut self, name: &str) -> usize {
        self.optional.remove(name);
        let mut parent = name;
        while let Some((front, _)) = parent.rsplit_once('.') {
            self.parents.insert(front.to_owned());
            parent = front;
        }
        let next = self.index.len();
        *self.index.entry(name.to_owned()).or_insert(next)
    }

    pub(crate) fn ignore(&mut self, names: &[String]) {
        self.ignored.extend(names.iter().cloned());
    }

    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.index.get(name).copied()
    }

    pub(crate) fn is_ignored(&self, name: &str) -> bool {
        self.ignored.contains(name)
    }

    pub(crate) fn is_parent(&self, name: &str) -> bool {
        self.parents.contains(name)
    }

    /// The fields the mapping relies on, sorted.
    pub(crate) fn required(&self) -> Vec<&str> {
        let mut names: Vec<&str> =
            self.index.keys().map(String::as_str).filter(|name| !self.optional.contains(*name)).collect();
        names.sort_unstable();
        names
    }

    /// The fields it reads where they are there, sorted.
    pub(crate) fn can_be_absent(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.optional.iter().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }
}

/// What stands in one field.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) enum Cell<'a> {
    /// Nothing, or null.
    #[default]
    Absent,
    /// A text, or a number or a truth as it was written.
    Text(Cow<'a, str>),
    /// A list of those.
    List(Vec<Cow<'a, str>>),
    /// An object, or a list of objects: nothing a field can be made of.
    Other,
}

/// The cells a mapping reads, by slot, and the names it does not know.
#[derive(Debug, Default)]
pub(crate) struct Record<'a> {
    pub(crate) cells: Vec<Cell<'a>>,
    /// Fields the mapping neither reads nor ignores, with what stands in them.
    pub(crate) unknown: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// What stands in the field that is handed out beside the lines, if one was asked for and the record has it.
    pub(crate) beside: Option<Cell<'a>>,
}

impl<'a> Record<'a> {
    pub(crate) fn of(slots: &Slots) -> Self {
        Self { cells: vec![Cell::Absent; slots.len()], unknown: Vec::new(), beside: None }
    }

    pub(crate) fn get(&self, slot: usize) -> &Cell<'a> {
        self.cells.get(slot).unwrap_or(&Cell::Absent)
    }

    /// Puts a cell at its place.
    pub(crate) fn put(&mut self, slot: usize, cell: Cell<'a>) {
        if let Some(place) = self.cells.get_mut(slot) {
            *place = cell;
        }
    }
}
