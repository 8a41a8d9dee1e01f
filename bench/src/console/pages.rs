//! Every list and page the console asks for, at random positions, beside bare statements on the same database.

use super::record::{self, Size, account_id, case_id, key_id};
use super::serve::{self, Front};
use crate::clock::Stopwatch;
use crate::cutoff::{at_share, ms};
use crate::random::Random;
use crate::report::{Row, Spread};
use anyhow::{Context, Result};
use sqlx::{AnyConnection, AssertSqlSafe, Connection};
use std::path::Path;

/// What a page may take at the 95th of a hundred.
const PAGE_MS_MAX: f64 = 50.0;
/// Rows of a page, as the console asks for them.
const PAGE_ROWS: u64 = 50;
/// Requests before anything counts.
const WARM: usize = 20;

/// One kind of page: its name, what is asked with random numbers, and the bare statement beside it.
struct Page {
    name: &'static str,
    path: fn(&mut Random, Size) -> String,
    bare: Bare,
}

/// The plainest read that could stand in its place.
#[derive(Clone, Copy)]
enum Bare {
    /// A page of a table from a key on.
    Rows(&'static str, &'static str),
    /// One row.
    One(&'static str, &'static str),
}

fn key(random: &mut Random, size: Size) -> String {
    key_id(random.below(size.keys))
}

/// A key that was in a case and has a past.
fn known(random: &mut Random, size: Size) -> String {
    key_id(random.below(size.keys / record::CASE_EVERY) * record::CASE_EVERY)
}

fn case(random: &mut Random, size: Size) -> String {
    case_id(random.below(size.cases))
}

/// A page of what is at hand: half of the time its beginning, as people look at it.
fn from(random: &mut Random, size: Size, of: fn(u64) -> String, count: fn(Size) -> u64) -> String {
    if random.below(2) == 0 { String::new() } else { format!("&after={}", of(random.below(count(size)))) }
}

fn keys_from(random: &mut Random, size: Size) -> String {
    from(random, size, key_id, |size| size.keys)
}

const PAGES: &[Page] = &[
    Page {
        name: "keys",
        path: |r, s| format!("/v1/keys?limit=50{}", keys_from(r, s)),
        bare: Bare::Rows("keys", "key"),
    },
    Page {
        name: "keys in a state",
        path: |r, s| {
            let state = ["active", "suspended", "expired", "requested"][r.below(4) as usize];
            format!("/v1/keys?limit=50&state={state}{}", keys_from(r, s))
        },
        bare: Bare::Rows("keys", "key"),
    },
    Page {
        name: "keys under a measure",
        path: |r, s| {
            let measure = ["monitor", "warn", "hold", "reverify"][r.below(4) as usize];
            format!("/v1/keys?limit=50&measure={measure}{}", keys_from(r, s))
        },
        bare: Bare::Rows("keys", "key"),
    },
    Page {
        name: "keys in a state under a measure",
        path: |r, _| {
            format!(
                "/v1/keys?limit=50&state=active&measure={}",
                ["monitor", "warn", "hold"][r.below(3) as usize]
            )
        },
        bare: Bare::Rows("keys", "key"),
    },
    Page {
        name: "keys by what their id begins with",
        path: |r, s| format!("/v1/keys?limit=50&q={}", &key(r, s)[..3 + r.below(6) as usize]),
        bare: Bare::Rows("keys", "key"),
    },
    Page {
        name: "keys by account",
        path: |r, s| format!("/v1/keys?limit=50&q={}", account_id(r.below(s.accounts))),
        bare: Bare::Rows("keys", "key"),
    },
    Page {
        name: "keys by application",
        path: |r, _| format!("/v1/keys?limit=50&q=made-up-bot-{:05}", r.below(50_000)),
        bare: Bare::Rows("keys", "key"),
    },
    Page {
        name: "keys by a common beginning, in a state",
        path: |r, _| {
            format!("/v1/keys?limit=50&q=made-up&state={}", ["active", "suspended"][r.below(2) as usize])
        },
        bare: Bare::Rows("keys", "key"),
    },
    Page { name: "one key", path: |r, s| format!("/v1/keys/{}", key(r, s)), bare: Bare::One("keys", "key") },
    Page {
        name: "a key's timeline",
        path: |r, s| format!("/v1/keys/{}/timeline?limit=50", known(r, s)),
        bare: Bare::One("keys", "key"),
    },
    Page {
        name: "a key's activity",
        path: |r, s| format!("/v1/keys/{}/activity", known(r, s)),
        bare: Bare::One("keys", "key"),
    },
    Page {
        name: "a key's measures",
        path: |r, s| format!("/v1/measures?limit=50&key={}", known(r, s)),
        bare: Bare::One("keys", "key"),
    },
    Page {
        name: "cases",
        path: |r, s| format!("/v1/cases?limit=50{}", from(r, s, case_id, |size| size.cases)),
        bare: Bare::Rows("cases", "case_id"),
    },
    Page {
        name: "open cases",
        path: |r, s| format!("/v1/cases?limit=50&state=open{}", from(r, s, case_id, |size| size.cases)),
        bare: Bare::Rows("cases", "case_id"),
    },
    Page {
        name: "open cases of one person",
        path: |r, s| {
            format!(
                "/v1/cases?limit=50&state=open&assignee=user:bench{}",
                from(r, s, case_id, |size| size.cases)
            )
        },
        bare: Bare::Rows("cases", "case_id"),
    },
    Page {
        name: "the queue",
        path: |_, _| "/v1/case-queue".to_owned(),
        bare: Bare::Rows("cases", "case_id"),
    },
    Page {
        name: "one case",
        path: |r, s| format!("/v1/cases/{}", case(r, s)),
        bare: Bare::One("cases", "case_id"),
    },
    Page {
        name: "approvals that wait",
        path: |_, _| "/v1/approvals?limit=50&state=open".to_owned(),
        bare: Bare::Rows("approvals", "approval"),
    },
    Page {
        name: "approvals",
        path: |_, _| "/v1/approvals?limit=50".to_owned(),
        bare: Bare::Rows("approvals", "approval"),
    },
    Page {
        name: "measures in force",
        path: |_, _| "/v1/measures?limit=50&state=in_force".to_owned(),
        bare: Bare::Rows("measures", "measure_id"),
    },
    Page {
        name: "measures",
        path: |_, _| "/v1/measures?limit=50".to_owned(),
        bare: Bare::Rows("measures", "measure_id"),
    },
    Page {
        name: "notices",
        path: |_, _| "/v1/notices?limit=50".to_owned(),
        bare: Bare::Rows("notices", "notice"),
    },
    Page {
        name: "notices that failed",
        path: |_, _| "/v1/notices?limit=50&state=failed".to_owned(),
        bare: Bare::Rows("notices", "notice"),
    },
    Page {
        name: "a key's notices",
        path: |r, s| format!("/v1/notices?limit=50&key={}", known(r, s)),
        bare: Bare::One("keys", "key"),
    },
    Page {
        name: "open tasks",
        path: |_, _| "/v1/tasks?limit=50&state=open".to_owned(),
        bare: Bare::Rows("tasks", "task"),
    },
    Page {
        name: "the overview",
        path: |_, _| "/v1/overview".to_owned(),
        bare: Bare::Rows("cases", "case_id"),
    },
];

/// Makes the record if it is not there, opens it, and asks for every page so many times.
///
/// # Errors
/// What could not be made, opened or answered.
pub async fn measure(folder: &Path, size: Size, times: usize, only: Option<&str>) -> Result<Vec<Row>> {
    sqlx::any::install_default_drivers();
    std::fs::create_dir_all(folder)?;
    serve::store(folder).await?.close().await;
    record::fill(folder, &serve::url(folder), size).await?;
    let front = Front::open(folder).await?;
    let mut bare = AnyConnection::connect(&serve::url(folder)).await.context("the bare connection")?;
    let mut rows = Vec::new();
    for page in PAGES.iter().filter(|page| only.is_none_or(|only| page.name.contains(only))) {
        eprintln!("{} ...", page.name);
        rows.push(page.measured(&front, &mut bare, size, times).await.with_context(|| page.name)?);
    }
    Ok(rows)
}

impl Page {
    async fn measured(
        &self,
        front: &Front,
        bare: &mut AnyConnection,
        size: Size,
        times: usize,
    ) -> Result<Row> {
        let (mut random, mut asked, mut read) = (Random::new(9_001), Vec::new(), Vec::new());
        let mut bytes = 0;
        for round in 0..WARM + times {
            let path = (self.path)(&mut random, size);
            let watch = Stopwatch::start();
            let answered = front.get(&path).await?;
            let took = ms(watch.elapsed());
            let sql = self.bare.statement(&mut random, size);
            let watch = Stopwatch::start();
            sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut *bare).await?;
            let beside = ms(watch.elapsed());
            if round >= WARM {
                asked.push(took);
                read.push(beside);
                bytes += answered;
            }
        }
        let ratio = Spread::of_ratios(&asked, &read);
        let p95 = at_share(&mut asked, 0.95);
        let note = format!(
            "p50 {:.2}, max {:.1}, {} KiB an answer",
            at_share(&mut asked, 0.5),
            at_share(&mut asked, 1.0),
            bytes / times.max(1) / 1024
        );
        let row = Row::figure("console, p95 of a page", self.name.to_owned(), "ms", p95);
        let row = Row { baseline: Some(at_share(&mut read, 0.95)), ratio: Some(ratio), ..row };
        Ok(row.budget("p95 <= 50 ms", p95 <= PAGE_MS_MAX).note(note))
    }
}

impl Bare {
    fn statement(self, random: &mut Random, size: Size) -> String {
        let at = key_id(random.below(size.keys));
        match self {
            Self::Rows(table, column) => {
                // Ids of other tables sort by the same digits.
                let after = at.get(1..9).unwrap_or_default();
                format!(
                    "SELECT * FROM \"{table}\" WHERE \"{column}\" > '{after}' ORDER BY \"{column}\" LIMIT {PAGE_ROWS}"
                )
            }
            Self::One(table, column) => format!("SELECT * FROM \"{table}\" WHERE \"{column}\" = '{at}'"),
        }
    }
}
