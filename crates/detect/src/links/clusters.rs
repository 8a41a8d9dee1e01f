//! Clusters: keys believed to have one operator, found by union.
//!
//! The engine calls [`Clusters::name`] with every link signal that accuses two keys or more: only those whose weight is above
//! zero, and the signal's id. What comes back is the id to put into `Subject::Cluster` and into the members' assessments. A
//! cluster's id is the id of the signal that first named it. Members join; of clusters that turn out to be one, the one named
//! first survives. Whoever is exonerated leaves alone and is not taken in again until the exoneration ends.
//!
//! Bounded: a full cluster takes nobody more and says whom it left out; beyond [`CLUSTERS_MAX`] clusters the one that was named
//! longest ago (last, not first) is forgotten. Never here: why keys belong together, or what follows from it.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use sumun_model::{ClusterOf, FindingId, KeyId};

/// Most members of one cluster: a case of more is no longer one that people can judge member by member.
pub const MEMBERS_MAX: usize = 1_024;
/// Most clusters remembered at once.
pub const CLUSTERS_MAX: usize = 16_384;
/// Most exonerated keys remembered; the longest exonerated is forgotten first.
pub const EXONERATED_MAX: usize = 65_536;

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Cluster {
    /// Place in the order of first naming: the lower one is the older cluster.
    first: u64,
    /// Place in the order of last naming.
    last: u64,
    members: BTreeSet<KeyId>,
}

/// All clusters. The same calls in the same order give the same clusters.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Clusters {
    clusters: BTreeMap<FindingId, Cluster>,
    by_last: BTreeMap<u64, FindingId>,
    of: BTreeMap<KeyId, FindingId>,
    exonerated: BTreeMap<KeyId, u64>,
    by_exonerated: BTreeMap<u64, KeyId>,
    /// Calls so far.
    count: u64,
}

/// What a signal or an exoneration did to a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterChange {
    /// The cluster.
    pub cluster: FindingId,
    /// Its members now, sorted: what `Subject::Cluster` shows.
    pub members: Vec<KeyId>,
    /// Who was not in this cluster before, sorted. Their assessments change.
    pub joined: Vec<KeyId>,
    /// Who was in it and is not any more, sorted. Their assessments change.
    pub left: Vec<KeyId>,
    /// Younger clusters that were found to be this one and are gone.
    pub merged: Vec<FindingId>,
    /// Members of the signal that were not taken in: exonerated, or the cluster is full. Sorted.
    pub left_out: Vec<KeyId>,
}

impl ClusterChange {
    /// Whether nobody's cluster changed, except that it may have grown by others.
    #[must_use]
    pub fn is_still(&self) -> bool {
        self.joined.is_empty() && self.left.is_empty() && self.merged.is_empty()
    }
}

impl Clusters {
    /// A signal says that these keys have one operator. `None` if fewer than two of them can stand together.
    pub fn name(&mut self, members: &[KeyId], signal: FindingId) -> Option<ClusterChange> {
        let all: BTreeSet<&KeyId> = members.iter().collect();
        let free: BTreeSet<&KeyId> =
            all.iter().copied().filter(|key| !self.exonerated.contains_key(*key)).collect();
        if free.len() < 2 {
            return None;
        }
        self.count += 1;
        let mut found: Vec<(u64, FindingId)> = free
            .iter()
            .filter_map(|key| self.of.get(*key))
            .filter_map(|id| Some((self.clusters.get(id)?.first, *id)))
            .collect();
        found.sort_unstable();
        found.dedup();

        let id = found.first().map_or(signal, |(_, id)| *id);
        let mut cluster = match self.take(id) {
            Some(cluster) => cluster,
            None => Cluster { first: self.count, last: self.count, members: BTreeSet::new() },
        };
        let (mut joined, mut merged) = (BTreeSet::new(), Vec::new());
        for (_, other) in found.iter().skip(1) {
            let size = self.clusters.get(other).map_or(0, |other| other.members.len());
            if cluster.members.len() + size > MEMBERS_MAX {
                continue;
            }
            if let Some(other_cluster) = self.take(*other) {
                joined.extend(other_cluster.members.iter().cloned());
                cluster.members.extend(other_cluster.members);
                merged.push(*other);
            }
        }
        for key in &free {
            let elsewhere =
                self.of.get(*key).is_some_and(|other| *other != id && self.clusters.contains_key(other));
            if !elsewhere && cluster.members.len() < MEMBERS_MAX && cluster.members.insert((*key).clone()) {
                joined.insert((*key).clone());
            }
        }
        let left_out =
            all.into_iter().filter(|key| !cluster.members.contains(*key)).cloned().collect::<Vec<_>>();
        let change = ClusterChange {
            cluster: id,
            members: cluster.members.iter().cloned().collect(),
            joined: joined.into_iter().collect(),
            left: Vec::new(),
            merged,
            left_out,
        };
        cluster.last = self.count;
        self.put(id, cluster);
        self.forget_beyond();
        Some(change)
    }

    /// This one is not of them: it leaves its cluster and joins none until [`Clusters::readmit`]. The others stay as they are.
    pub fn exonerate(&mut self, key: &KeyId) -> Option<ClusterChange> {
        self.count += 1;
        if let Some(before) = self.exonerated.insert(key.clone(), self.count) {
            self.by_exonerated.remove(&before);
        }
        self.by_exonerated.insert(self.count, key.clone());
        while self.exonerated.len() > EXONERATED_MAX {
            let Some((_, oldest)) = self.by_exonerated.pop_first() else { break };
            self.exonerated.remove(&oldest);
        }
        let id = self.of.remove(key)?;
        let cluster = self.clusters.get_mut(&id)?;
        cluster.members.remove(key);
        let members: Vec<_> = cluster.members.iter().cloned().collect();
        if members.is_empty() {
            let last = cluster.last;
            self.clusters.remove(&id);
            self.by_last.remove(&last);
        }
        Some(ClusterChange {
            cluster: id,
            members,
            joined: Vec::new(),
            left: vec![key.clone()],
            merged: Vec::new(),
            left_out: Vec::new(),
        })
    }

    /// The exoneration has ended: what is said from now on counts again.
    pub fn readmit(&mut self, key: &KeyId) {
        if let Some(at) = self.exonerated.remove(key) {
            self.by_exonerated.remove(&at);
        }
    }

    /// The cluster a key belongs to, for its assessment.
    #[must_use]
    pub fn of(&self, key: &KeyId) -> Option<ClusterOf> {
        let cluster = *self.of.get(key)?;
        let members = self.clusters.get(&cluster)?.members.len();
        Some(ClusterOf { cluster, members: u32::try_from(members).unwrap_or(u32::MAX) })
    }

    /// Its members, sorted; none if there is no such cluster.
    pub fn members(&self, cluster: &FindingId) -> impl Iterator<Item = &KeyId> {
        self.clusters.get(cluster).into_iter().flat_map(|cluster| cluster.members.iter())
    }

    /// Takes a cluster out, its members too.
    fn take(&mut self, id: FindingId) -> Option<Cluster> {
        let cluster = self.clusters.remove(&id)?;
        self.by_last.remove(&cluster.last);
        for key in &cluster.members {
            self.of.remove(key);
        }
        Some(cluster)
    }

    fn put(&mut self, id: FindingId, cluster: Cluster) {
        for key in &cluster.members {
            self.of.insert(key.clone(), id);
        }
        self.by_last.insert(cluster.last, id);
        self.clusters.insert(id, cluster);
    }

    fn forget_beyond(&mut self) {
        while self.clusters.len() > CLUSTERS_MAX {
            let Some((_, id)) = self.by_last.first_key_value() else { return };
            let id = *id;
            if self.take(id).is_none() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests;
