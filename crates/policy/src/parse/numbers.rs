//! Weights and exact decimals.

use super::Reader;
use crate::file::File;
use sumun_model::score::FamilyWeight;
use sumun_model::{Family, Weights};
use toml::Spanned;

impl Reader<'_> {
    pub(super) fn weights(&mut self, file: &File) -> Weights {
        let scores = &file.scores;
        let mut weights = Weights {
            prior_ppm: self.decimal(&scores.prior, 6, 1..=500_000),
            second_milli: self.decimal(&scores.second, 3, 0..=1_000),
            cap_milli: self.decimal(&scores.cap, 3, 100..=20_000),
            ..Weights::default()
        };
        for family in Family::ALL {
            let Some(table) = scores.families.get(family) else {
                self.wrong(scores.prior.span().start, format!("`[scores.families.{family}]` is missing"));
                continue;
            };
            let alpha_milli = self.decimal(&table.alpha, 3, 0..=5_000);
            if *table.half_life_s.get_ref() == 0 {
                self.wrong(table.half_life_s.span().start, "a half-life is at least one second");
            }
            if let Some(weight) = weights.families.get_mut(family.index()) {
                *weight = FamilyWeight { alpha_milli, half_life_s: *table.half_life_s.get_ref() };
            }
        }
        weights
    }

    /// An exact decimal of so many places as a whole number.
    fn decimal(
        &mut self,
        written: &Spanned<String>,
        places: usize,
        within: std::ops::RangeInclusive<u32>,
    ) -> u32 {
        let found = scaled(written.get_ref(), places).and_then(|n| u32::try_from(n).ok());
        match found.filter(|n| within.contains(n)) {
            Some(n) => n,
            None => {
                let (low, high) = (shown(*within.start(), places), shown(*within.end(), places));
                let message = format!(
                    "`{}` is not a decimal of at most {places} places within {low} and {high}",
                    written.get_ref()
                );
                self.wrong(written.span().start, message);
                *within.start()
            }
        }
    }
}

/// `0.25` with three places is 250; none if it is not a decimal or has more places.
pub(super) fn scaled(text: &str, places: usize) -> Option<i64> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty()
        || !plain(whole)
        || !plain(fraction)
        || fraction.len() > places
        || digits.ends_with('.')
    {
        return None;
    }
    let n: i64 = format!("{whole}{fraction:0<places$}").parse().ok()?;
    Some(if negative { -n } else { n })
}

fn shown(n: u32, places: usize) -> String {
    let scale = 10_u64.pow(u32::try_from(places).unwrap_or(0));
    let n = u64::from(n);
    let text = format!("{}.{:0places$}", n / scale, n % scale);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
