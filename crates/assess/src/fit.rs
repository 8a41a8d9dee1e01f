//! What logs and tables have in common: they are held against each other by ids, and what no table knows is held against nothing.
//!
//! Ids hashed in two ways are the commonest mistake, and the quietest: every count of wrong use is then nought, which reads like good
//! news. So what was comparable is counted, and where it was little that is a [`Remark`]: said before any figure, on the page and at the
//! terminal ([`crate::told`]), and no point of the standard is called met by it ([`Lack`]).

use crate::census::{Census, Held};
use crate::conclude::count;
use crate::report::{ShadowSegment, SourceRead};
use crate::source::Role;
use serde::Serialize;

/// Of so many hundredths of requests, or of keys, no table may know whose they are before it is remarked on. Keys that ended and left the
/// table are some of them in any log; one in twenty is more than that.
const UNKNOWN_PERCENT_MAX: u64 = 5;
/// Of so many hundredths of a log's lines may be late. A front with several writers is a little out of order; a file given in the wrong
/// place is so as a whole.
const LATE_PERCENT_MAX: u64 = 1;

/// What was comparable.
#[derive(Clone, Debug, Serialize)]
pub struct Fit {
    /// Requests that name a key, copies left out.
    pub requests_with_key: u64,
    /// Of these, of keys that the table has.
    pub requests_of_listed: u64,
    /// Of these, allowed ones that tell their address: what registered addresses were held against.
    pub requests_compared: u64,
    /// Of these, of keys that have registered addresses.
    pub requests_with_list: u64,
    /// Living keys that name an account; null where no table of accounts was given.
    pub keys_with_account: Option<u64>,
    /// Of these, of accounts that the table has.
    pub keys_of_listed: Option<u64>,
    /// What stands against relying on the figures, the gravest first.
    pub remarks: Vec<Remark>,
}

/// Something that stands against relying on the figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// What.
    pub code: RemarkCode,
    /// In which export.
    pub role: Role,
    /// How many.
    pub count: u64,
    /// Of how many.
    pub of: u64,
}

/// What stands against relying on the figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RemarkCode {
    /// No request names a key.
    NoKeyInLog,
    /// Requests whose keys the table lacks.
    KeysNotInTable,
    /// No request that was allowed, of a key of the table, tells its address.
    NoAddressCompared,
    /// Keys whose accounts the table of accounts lacks.
    AccountsNotInTable,
    /// Sign-ins, or orders, of which no table has a single one's account.
    NothingInCommon,
    /// Lines far behind their log.
    Late,
}

/// What is missing for a point to be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lack {
    /// Keys in the log.
    KeysInLog,
    /// Keys of the log in the table.
    KeysInTable,
    /// Addresses of allowed requests.
    Addresses,
    /// Requests of keys that have registered addresses.
    RegisteredAddresses,
}

/// Whether `part` is more than so many hundredths of the whole.
const fn is_over(part: u64, whole: u64, percent: u64) -> bool {
    part.saturating_mul(100) > whole.saturating_mul(percent)
}

impl Fit {
    pub(crate) fn of(census: &Census, shadow: &[ShadowSegment], read: &[SourceRead]) -> Self {
        let named = census.by_key;
        let living = || census.keys.iter().filter(|held| held.lives() && held.account.is_some());
        let given = |n: usize| census.accounts_given.then(|| count(n));
        let compared = shadow.iter().map(|segment| segment.allowed).sum::<u64>();
        let mut fit = Self {
            requests_with_key: named.named,
            requests_of_listed: named.known,
            requests_compared: compared,
            requests_with_list: compared - shadow.iter().map(|segment| segment.without_list).sum::<u64>(),
            keys_with_account: given(living().count()),
            keys_of_listed: given(living().filter(|held: &&Held| census.has_account(held)).count()),
            remarks: Vec::new(),
        };
        fit.remarks = fit.remarked(census, read);
        fit
    }

    fn remarked(&self, census: &Census, read: &[SourceRead]) -> Vec<Remark> {
        let mut remarks = Vec::new();
        let mut say = |code, role, count, of| remarks.push(Remark { code, role, count, of });
        let unknown = self.requests_with_key - self.requests_of_listed;
        if self.requests_with_key == 0 {
            // A mapping may make no line at all of what has no key.
            let log = read.iter().filter(|source| source.role == Role::Access);
            let records = log.map(|source| source.counted.records).sum();
            say(RemarkCode::NoKeyInLog, Role::Access, records, records);
        } else if is_over(unknown, self.requests_with_key, UNKNOWN_PERCENT_MAX) {
            say(RemarkCode::KeysNotInTable, Role::Access, unknown, self.requests_with_key);
        }
        if self.requests_of_listed > 0 && self.requests_compared == 0 {
            say(
                RemarkCode::NoAddressCompared,
                Role::Access,
                self.requests_of_listed,
                self.requests_of_listed,
            );
        }
        if let Some((keys, listed)) = self.keys_with_account.zip(self.keys_of_listed)
            && is_over(keys - listed, keys, UNKNOWN_PERCENT_MAX)
        {
            say(RemarkCode::AccountsNotInTable, Role::Accounts, keys - listed, keys);
        }
        // People without a key sign in and trade as well, so only that nobody at all is known tells of ids that do not fit.
        for (role, met) in [(Role::Sessions, census.sign_ins), (Role::Orders, census.orders)] {
            if met.named > 0 && met.known == 0 {
                say(RemarkCode::NothingInCommon, role, met.named, met.named);
            }
        }
        for source in read {
            let lines = source.counted.lines_made();
            if is_over(source.late, lines, LATE_PERCENT_MAX) {
                say(RemarkCode::Late, source.role, source.late, lines);
            }
        }
        remarks
    }

    /// Whether the log says nothing of any key of the table.
    #[must_use]
    pub const fn is_nothing(&self) -> bool {
        self.requests_of_listed == 0
    }

    /// What is missing for anything to be concluded from requests of which nothing bad was seen.
    pub(crate) fn lacks(&self) -> Option<Lack> {
        let has = |code| self.remarks.iter().any(|remark| remark.code == code);
        if has(RemarkCode::NoKeyInLog) {
            Some(Lack::KeysInLog)
        } else if has(RemarkCode::KeysNotInTable) {
            Some(Lack::KeysInTable)
        } else {
            None
        }
    }

    /// The same of their addresses, held against those registered; `listed`: against lists, not against there being one.
    pub(crate) fn lacks_addresses(&self, listed: bool) -> Option<Lack> {
        let addresses = (self.requests_compared == 0).then_some(Lack::Addresses);
        let lists = (listed && self.requests_with_list == 0).then_some(Lack::RegisteredAddresses);
        self.lacks().or(addresses).or(lists)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_over_its_bound_only_beyond_it() {
        assert!(!is_over(0, 0, 5) && !is_over(5, 100, 5) && is_over(6, 100, 5) && is_over(1, 1, 5));
    }
}
