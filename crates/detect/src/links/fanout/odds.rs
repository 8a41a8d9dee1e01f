//! How much likelier this many customers are under one operator than in this network, by its own history.
//!
//! History counts, for every network operator, the customers of each of its addresses that are in use now. A network of homes has
//! one or two, a carrier's gateway has thousands, a cloud one. Never here: who is a customer, or which address is judged.

use crate::mark::Mark;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use sumun_model::wire::state::NetworkClass;

/// Customers of one address beyond which its weight in the history grows no more.
const COUNTED_MAX: u32 = 64;
/// By how many addresses of the class's usual kind a short history is filled up.
const PRIOR_ADDRESSES: f64 = 50.0;
/// Shape of the prior: well over-dispersed, since a network's first shared office must not look like a crime.
const PRIOR_SHAPE: f64 = 0.5;
const SHAPE_MIN: f64 = 0.2;
const SHAPE_MAX: f64 = 50.0;
const SERIES_MAX: u32 = 2_000;

/// One network's addresses: how many, and their customers beyond the first, summed and squared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Sums {
    addresses: u64,
    further: u64,
    squares: u64,
}

/// Every network's. Bounded by the number of addresses counted: a network without any is not kept.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct History(BTreeMap<Mark, Sums>);

fn further(customers: u32) -> u64 {
    u64::from(customers.min(COUNTED_MAX).saturating_sub(1))
}

impl History {
    /// An address of this network has so many customers now.
    pub(super) fn add(&mut self, network: Mark, customers: u32) {
        let sums = self.0.entry(network).or_default();
        sums.addresses += 1;
        sums.further += further(customers);
        sums.squares += further(customers) * further(customers);
    }

    /// Takes back what [`History::add`] was told.
    pub(super) fn remove(&mut self, network: Mark, customers: u32) {
        let Some(sums) = self.0.get_mut(&network) else { return };
        sums.addresses = sums.addresses.saturating_sub(1);
        sums.further = sums.further.saturating_sub(further(customers));
        sums.squares = sums.squares.saturating_sub(further(customers) * further(customers));
        if sums.addresses == 0 {
            self.0.remove(&network);
        }
    }

    /// What to expect of the network's other addresses. `own` is what the address at hand was counted with.
    pub(super) fn expected(&self, network: Mark, class: NetworkClass, own: u32) -> Expected {
        let mut sums = self.0.get(&network).copied().unwrap_or_default();
        sums.addresses = sums.addresses.saturating_sub(1);
        sums.further = sums.further.saturating_sub(further(own));
        sums.squares = sums.squares.saturating_sub(further(own) * further(own));
        let usual = match class {
            NetworkClass::Hosting => 0.2,
            NetworkClass::Residential => 0.4,
            NetworkClass::Mobile | NetworkClass::Relay => 8.0,
            _ => 1.0,
        };
        let usual_square = usual + usual * usual / PRIOR_SHAPE + usual * usual;
        #[expect(clippy::cast_precision_loss, reason = "sums far below 2^53")]
        let (addresses, further, squares) = (sums.addresses as f64, sums.further as f64, sums.squares as f64);
        let mean = (further + PRIOR_ADDRESSES * usual) / (addresses + PRIOR_ADDRESSES);
        let square = (squares + PRIOR_ADDRESSES * usual_square) / (addresses + PRIOR_ADDRESSES);
        let excess = square - mean * mean - mean;
        let shape = if excess > 0.0 { (mean * mean / excess).clamp(SHAPE_MIN, SHAPE_MAX) } else { SHAPE_MAX };
        Expected { mean, shape }
    }
}

/// Customers beyond the first are negative binomial with this mean and shape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Expected {
    mean: f64,
    shape: f64,
}

impl Expected {
    /// Customers per address, thousandths.
    #[expect(clippy::cast_possible_truncation, reason = "a mean of at most 65")]
    pub(super) fn mean_milli(self) -> i64 {
        libm::round((self.mean + 1.0) * 1000.0) as i64
    }

    /// ln P(at least `customers`) in this network.
    fn ln_tail(self, customers: u32) -> f64 {
        let x = f64::from(customers.saturating_sub(1));
        let Self { mean, shape } = self;
        let share = mean / (shape + mean);
        let ln_first = libm::lgamma(x + shape) - libm::lgamma(shape) - libm::lgamma(x + 1.0)
            + shape * libm::log(shape / (shape + mean))
            + x * libm::log(share);
        let (mut sum, mut term) = (1.0, 1.0);
        for j in 0..SERIES_MAX {
            let at = x + f64::from(j);
            term *= (at + shape) / (at + 1.0) * share;
            sum += term;
            if term < sum * 1e-12 {
                break;
            }
        }
        (ln_first + libm::log(sum)).min(0.0)
    }

    /// ln of P(at least so many | one operator) / P(at least so many | this network), thousandths.
    ///
    /// An operator's customers are Poisson. Tails, not points: what is seen of him so far is a part of what he has, and one with
    /// more than the usual number is no less of an operator, so beyond `usual` his probability falls no further.
    pub(super) fn llr_milli(self, customers: u32, usual: u32) -> i32 {
        let ln_operator = ln_poisson_tail(customers.min(usual), f64::from(usual.max(1)));
        #[expect(clippy::cast_possible_truncation, reason = "saturates")]
        let milli = libm::round(1000.0 * (ln_operator - self.ln_tail(customers))) as i32;
        milli
    }
}

/// ln P(N ≥ n), N Poisson with this mean, n not above it.
fn ln_poisson_tail(n: u32, mean: f64) -> f64 {
    let below: f64 = (0..n)
        .map(|k| {
            let k = f64::from(k);
            libm::exp(k * libm::log(mean) - mean - libm::lgamma(k + 1.0))
        })
        .sum();
    libm::log((1.0 - below).max(1e-300))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A table to read down: what an address with so many customers is worth, in a cloud and in a carrier's network.
    #[test]
    fn the_same_number_means_less_where_many_share() {
        let network = Mark::of("AS64500");
        let (mut cloud, mut shared) = (History::default(), History::default());
        for address in 0..500_u32 {
            cloud.add(network, 1 + u32::from(address % 50 == 0));
            shared.add(network, 1 + address % 20);
        }
        let row = |n: u32| {
            let of = |history: &History| history.expected(network, NetworkClass::Hosting, 1).llr_milli(n, 20);
            (of(&History::default()), of(&cloud), of(&shared))
        };
        let table: Vec<_> = [2, 5, 8, 20, 100].into_iter().map(|n| (n, row(n))).collect();
        let lines: Vec<_> = table.iter().map(|(n, row)| format!("{n:3} {row:?}")).collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
          2 (1865, 3414, 22)
          5 (6177, 10029, 221)
          8 (10187, 16067, 565)
         20 (25060, 38657, 1987)
        100 (126093, 189589, 20741)
        ");
    }

    proptest! {
        #[test]
        fn history_forgets_what_it_is_told_to(counts in prop::collection::vec(1u32..100, 0..30), drop in 0usize..30) {
            let network = Mark::of("AS64501");
            let mut history = History::default();
            for n in &counts { history.add(network, *n); }
            let dropped = drop.min(counts.len());
            for n in &counts[..dropped] { history.remove(network, *n); }
            let mut fresh = History::default();
            for n in &counts[dropped..] { fresh.add(network, *n); }
            prop_assert_eq!(history.0, fresh.0);
        }

        #[test]
        fn more_customers_never_say_less(n in 1u32..200, others in prop::collection::vec(1u32..5, 0..40)) {
            let network = Mark::of("AS64502");
            let mut history = History::default();
            for n in &others { history.add(network, *n); }
            let expected = history.expected(network, NetworkClass::Hosting, 1);
            prop_assert!(expected.llr_milli(n + 1, 20) + 1 >= expected.llr_milli(n, 20), "{expected:?}");
            prop_assert!(expected.ln_tail(n) <= 0.0);
        }

        #[test]
        fn tails_are_sums_of_the_whole(n in 1u32..30, others in prop::collection::vec(1u32..10, 0..40)) {
            let network = Mark::of("AS64503");
            let mut history = History::default();
            for n in &others { history.add(network, *n); }
            let Expected { mean, shape } = history.expected(network, NetworkClass::Residential, 1);
            let below: f64 = (0..n - 1).map(f64::from).map(|x| libm::exp(
                libm::lgamma(x + shape) - libm::lgamma(shape) - libm::lgamma(x + 1.0)
                    + shape * libm::log(shape / (shape + mean)) + x * libm::log(mean / (shape + mean)))).sum();
            let tail = libm::exp(Expected { mean, shape }.ln_tail(n));
            prop_assert!((tail - (1.0 - below)).abs() < 1e-6, "{tail} {}", 1.0 - below);
        }
    }
}
