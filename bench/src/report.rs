//! Figures, budgets, and the table that people read.

use serde::{Deserialize, Serialize};

/// A middle and what lies around it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Median.
    pub median: f64,
    /// A tenth of the samples lie below.
    pub p10: f64,
    /// A tenth of the samples lie above.
    pub p90: f64,
}

impl Spread {
    /// Of samples; all zero if there are none.
    #[must_use]
    pub fn of(mut samples: Vec<f64>) -> Self {
        samples.sort_unstable_by(f64::total_cmp);
        let last = samples.len().saturating_sub(1) as f64;
        let at = |share: f64| samples.get((last * share).round() as usize).copied().unwrap_or_default();
        Self { median: at(0.5), p10: at(0.1), p90: at(0.9) }
    }

    /// Of the quotients of two rows of samples, pair by pair.
    #[must_use]
    pub fn of_ratios(above: &[f64], below: &[f64]) -> Self {
        Self::of(above.iter().zip(below).map(|(a, b)| a / b).collect())
    }

    /// Of the differences of two rows of samples, pair by pair.
    #[must_use]
    pub fn of_differences(from: &[f64], less: &[f64]) -> Self {
        Self::of(from.iter().zip(less).map(|(a, b)| a - b).collect())
    }
}

/// What was promised, and whether it holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// In words.
    pub text: String,
    /// Whether the median keeps it.
    pub met: bool,
}

/// One line of the report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Which comparison.
    pub group: String,
    /// What was measured.
    pub name: String,
    /// Unit of baseline and measured.
    pub unit: String,
    /// The baseline's median, if there is one.
    pub baseline: Option<f64>,
    /// The median.
    pub measured: f64,
    /// Measured divided by baseline, pair by pair.
    pub ratio: Option<Spread>,
    /// What was promised; `None`: nothing.
    pub budget: Option<Budget>,
    /// What else a reader must know.
    pub note: String,
}

impl Row {
    /// A figure without a baseline.
    #[must_use]
    pub fn figure(group: &str, name: String, unit: &str, measured: f64) -> Self {
        let (group, unit) = (group.to_owned(), unit.to_owned());
        Self { group, name, unit, baseline: None, measured, ratio: None, budget: None, note: String::new() }
    }

    /// A row of samples beside a baseline's, taken by turns.
    #[must_use]
    pub fn beside(group: &str, name: String, unit: &str, baseline: &[f64], measured: &[f64]) -> Self {
        Self {
            baseline: Some(Spread::of(baseline.to_vec()).median),
            ratio: Some(Spread::of_ratios(measured, baseline)),
            ..Self::figure(group, name, unit, Spread::of(measured.to_vec()).median)
        }
    }

    /// With a budget.
    #[must_use]
    pub fn budget(mut self, text: &str, met: bool) -> Self {
        self.budget = Some(Budget { text: text.to_owned(), met });
        self
    }

    /// With a note.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    fn cells(&self) -> [String; 7] {
        let (budget, verdict) = match &self.budget {
            None => ("none".to_owned(), "-"),
            Some(budget) => (budget.text.clone(), if budget.met { "met" } else { "MISSED" }),
        };
        [
            self.name.clone(),
            self.baseline.map_or_else(|| "-".to_owned(), number),
            format!("{} {}", number(self.measured), self.unit),
            self.ratio.map_or_else(
                || "-".to_owned(),
                |r| format!("{:.2} ({:.2} to {:.2})", r.median, r.p10, r.p90),
            ),
            budget,
            verdict.to_owned(),
            self.note.clone(),
        ]
    }
}

/// Four digits or so, with thin groups of thousands left to the reader.
fn number(value: f64) -> String {
    match value.abs() {
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        v if v >= 0.1 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

const HEADINGS: [&str; 7] = ["what", "baseline", "measured", "ratio (p10 to p90)", "budget", "", "note"];

/// The table, group by group.
#[must_use]
pub fn table(rows: &[Row]) -> String {
    let mut out = String::new();
    for group in rows.chunk_by(|a, b| a.group == b.group) {
        let Some(first) = group.first() else { continue };
        let lines: Vec<[String; 7]> =
            std::iter::once(HEADINGS.map(str::to_owned)).chain(group.iter().map(Row::cells)).collect();
        let mut widths = [0; 7];
        for line in &lines {
            for (width, cell) in widths.iter_mut().zip(line) {
                *width = (*width).max(cell.chars().count());
            }
        }
        out.push_str(&format!("\n{}\n", first.group));
        for line in &lines {
            let cells: Vec<String> = line.iter().zip(widths).map(|(c, w)| format!("{c:<w$}")).collect();
            out.push_str(&format!("  {}\n", cells.join("  ").trim_end()));
        }
    }
    let (met, missed) = rows
        .iter()
        .filter_map(|row| row.budget.as_ref())
        .fold((0, 0), |(met, missed), b| if b.met { (met + 1, missed) } else { (met, missed + 1) });
    out.push_str(&format!("\nbudgets: {met} met, {missed} missed\n"));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_tenths() {
        let spread = Spread::of((0..=10).map(f64::from).collect());
        assert_eq!((spread.p10, spread.median, spread.p90), (1.0, 5.0, 9.0));
        assert_eq!(Spread::of_ratios(&[2.0, 6.0], &[1.0, 2.0]).p90, 3.0);
        assert_eq!(Spread::of(Vec::new()).median, 0.0);
    }

    #[test]
    fn a_missed_budget_says_so() {
        let rows = [
            Row::beside("decide", "at 1 k keys".into(), "ns", &[1000.0], &[1800.0])
                .budget("bare + 700 ns", false)
                .note("800 ns over"),
            Row::figure("decide", "load".into(), "s", 12.5),
        ];
        insta::assert_snapshot!(table(&rows), @r"

        decide
          what         baseline  measured  ratio (p10 to p90)   budget                 note
          at 1 k keys  1000      1800 ns   1.80 (1.80 to 1.80)  bare + 700 ns  MISSED  800 ns over
          load         -         12.5 s    -                    none           -

        budgets: 0 met, 1 missed
        ");
    }
}
