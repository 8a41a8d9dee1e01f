//! Runs a segment: stage one over partitions, links, fusion over partitions, then the merge.

use super::item::{Emitted, StageOne, ToFuse, ToLinks};
use super::link_stage::{LinkGround, LinksSaid};
use super::lookups::Lookups;
use super::partition::{PARTITIONS, Partition};
use super::stage_one::Ground;
use super::{Engine, Measures, Output, Segment};
use std::collections::HashSet;
use std::num::NonZeroUsize;
use sumun_model::Timestamp;

impl Engine {
    /// Runs what is gathered, if anything is.
    pub(super) fn run(&mut self, out: &mut Vec<Output>) {
        let Some(end) = self.now else { return };
        let Segment { lines, rises, minute, .. } = &self.segment;
        if lines.is_empty() && rises.is_empty() && minute.is_none() {
            return;
        }
        let mut active = std::mem::take(&mut self.segment.touched);
        active.extend(self.waking(end));
        active.sort_unstable();
        active.dedup();

        self.stage_one(&active, end);
        let (links, mut emitted) = self.gather(&active);
        let said = self.link_stage(links);
        self.counts.crowded += said.crowded;
        emitted.extend(self.fuse(&mut active, said));
        self.merge(emitted, end, out);

        for number in active {
            self.set_due(number);
            if let Some(mine) = self.segment.by_partition.get_mut(usize::from(number)) {
                mine.clear();
            }
        }
        self.segment.lines.clear();
        self.segment.rises.clear();
        self.segment.minute = None;
    }

    fn stage_one(&mut self, active: &[u16], end: Timestamp) {
        let ground = Ground {
            params: &self.params,
            weights: &self.weights,
            global: &self.global,
            data: self.data.as_ref(),
            population: &self.population,
            measures: self.options.measures,
            nobody: &self.nobody,
        };
        let Segment { lines, rises, by_partition, .. } = &self.segment;
        let shards = shards(self.options.shards, lines.len() < self.options.alone_below);
        let threads = each(&mut self.partitions, &mut self.lookups, active, shards, &|partition, lookups| {
            let mine = by_partition.get(usize::from(partition.number)).map_or(&[][..], Vec::as_slice);
            partition.run(lines, mine, rises, end, &ground, lookups);
        });
        self.threads = self.threads.max(threads);
    }

    /// Takes what stage one left for links and for the merge.
    fn gather(&mut self, active: &[u16]) -> (Vec<ToLinks>, Vec<Emitted>) {
        let (mut links, mut emitted) = (Vec::new(), Vec::new());
        for number in active {
            let Some(partition) = self.partitions.get_mut(usize::from(*number)) else { continue };
            let StageOne { emitted: said, links: told, measures, .. } = &mut partition.out;
            emitted.append(said);
            links.append(told);
            if self.options.measures == Measures::Recorded {
                self.feedback.extend(measures.drain(..));
            }
        }
        links.sort_by_key(|told| (told.at.moment, told.emitter, told.ordinal));
        (links, emitted)
    }

    fn link_stage(&mut self, messages: Vec<ToLinks>) -> LinksSaid {
        let minute = self.segment.minute;
        if messages.is_empty() && minute.is_none() {
            return LinksSaid::default();
        }
        let router = &self.router;
        let ground = LinkGround {
            params: &self.params.links,
            weights: &self.weights,
            account_of: &|key| router.homes.get(key)?.account.clone(),
        };
        self.links.run(messages, minute, &ground)
    }

    /// Hands links' words to the members' partitions, and lets partitions fuse. Partitions that links reached become active.
    fn fuse(&mut self, active: &mut Vec<u16>, said: LinksSaid) -> Vec<Emitted> {
        for (at, causing, key, item) in said.fuse {
            let number = self.router.partition(&key);
            if let Some(partition) = self.partitions.get_mut(usize::from(number)) {
                partition.out.fuse.push((at, causing, ToFuse::Key(key, item)));
                active.push(number);
            }
        }
        active.sort_unstable();
        active.dedup();
        let weights = &self.weights;
        let items: usize = active
            .iter()
            .filter_map(|number| self.partitions.get(usize::from(*number)))
            .map(|partition| partition.out.fuse.len())
            .sum();
        let shards = shards(self.options.shards, items < self.options.alone_below);
        each(&mut self.partitions, &mut self.lookups, active, shards, &|partition, _| {
            let mut items = std::mem::take(&mut partition.out.fuse);
            // Stage one's items stand first in each moment, links' after them: the sort keeps that.
            items.sort_by_key(|(at, _, _)| at.moment);
            partition.out.emitted =
                super::fusion::fuse(&mut partition.fusion, partition.number, items, weights);
        });
        let mut emitted = said.emitted;
        for number in active.iter() {
            if let Some(partition) = self.partitions.get_mut(usize::from(*number)) {
                emitted.append(&mut partition.out.emitted);
            }
        }
        emitted
    }
}

fn shards(shards: NonZeroUsize, alone: bool) -> usize {
    if alone { 1 } else { shards.get() }
}

/// Does work on active partitions, each thread on its own neighbouring ones. How many different threads worked.
fn each(
    partitions: &mut [Partition],
    lookups: &mut [Lookups],
    active: &[u16],
    shards: usize,
    work: &(impl Fn(&mut Partition, &mut Lookups) + Sync),
) -> usize {
    let own = |partitions: &mut [Partition], lookups: &mut Lookups, active: &[u16]| {
        let first = partitions.first().map_or(0, |partition| usize::from(partition.number));
        for number in active {
            if let Some(partition) = partitions.get_mut(usize::from(*number).saturating_sub(first)) {
                work(partition, lookups);
            }
        }
    };
    if shards <= 1 {
        if let Some(lookups) = lookups.first_mut() {
            own(partitions, lookups, active);
        }
        return usize::from(!active.is_empty());
    }
    let share = usize::from(PARTITIONS).div_ceil(shards);
    std::thread::scope(|scope| {
        let mut workers = Vec::new();
        for (partitions, lookups) in partitions.chunks_mut(share).zip(lookups) {
            let numbers = |partitions: &[Partition]| {
                let from = partitions.first().map_or(0, |partition| partition.number);
                let to = partitions.last().map_or(0, |partition| partition.number);
                (active.partition_point(|n| *n < from), active.partition_point(|n| *n <= to))
            };
            let (from, to) = numbers(partitions);
            let mine = active.get(from..to).unwrap_or_default();
            if mine.is_empty() {
                continue;
            }
            workers.push(scope.spawn(move || {
                own(partitions, lookups, mine);
                std::thread::current().id()
            }));
        }
        let ids: HashSet<_> = workers.into_iter().filter_map(|worker| worker.join().ok()).collect();
        ids.len()
    })
}
