//! Policies as they are shown, each beside the one in force.

use super::propose::{Explained, PolicyAnswer};
use super::row::PolicyRow;
use crate::actor::Actor;
use crate::govern::{Govern, not_found, store_refusal};
use crate::keys::access::INSIDE;
use crate::refusal::Refusal;
use crate::staff::require;
use sumun_model::{Lang, Segment};
use sumun_policy::Policy;
use sumun_policy::diff::{diff, render};
use sumun_policy::explain::ladder;
use sumun_store::Filter;
use sumun_store::tables::POLICIES;

impl Govern {
    /// One policy in plain words, and how it differs from the one in force.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, the store's.
    pub async fn policy_shown(&self, actor: &Actor, policy: &str) -> Result<PolicyAnswer, Refusal> {
        require(actor, INSIDE)?;
        let row = self.row(&POLICIES, policy).await?.ok_or_else(|| not_found("policy", policy))?;
        let policy = PolicyRow::of(&row)?;
        let (differs, explained) = (self.differs(&policy).await?, explained(&policy.text));
        Ok(PolicyAnswer { differs, policy, waits_for: None, explained })
    }

    /// Policies, by id and version.
    ///
    /// # Errors
    /// `forbidden`, the store's.
    pub async fn policies(
        &self,
        actor: &Actor,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<PolicyRow>, Refusal> {
        require(actor, INSIDE)?;
        let filter = Filter { after, limit: limit.clamp(1, Filter::LIMIT_MAX), ..Filter::default() };
        let rows = self.store.list(&POLICIES, &filter).await.map_err(store_refusal)?;
        rows.iter().map(PolicyRow::of).collect()
    }

    pub(super) async fn differs(&self, policy: &PolicyRow) -> Result<Vec<String>, Refusal> {
        let active = self.active_policy().await?;
        Ok(active.map(|active| differs(&active.text, &policy.text)).unwrap_or_default())
    }
}

/// Every segment's ladder in both languages.
fn explained(text: &str) -> Vec<Explained> {
    let Ok(policy) = Policy::parse(text) else { return Vec::new() };
    let segments = std::iter::once(None).chain(Segment::ALL.iter().copied().map(Some));
    segments
        .map(|segment| Explained {
            segment: segment.map(|segment| segment.as_str().to_owned()),
            ko: ladder(&policy, segment, Lang::Ko),
            en: ladder(&policy, segment, Lang::En),
        })
        .collect()
}

/// What changes in effect, in English and then in Korean; line by line where one of both can no longer be read.
fn differs(old: &str, new: &str) -> Vec<String> {
    let (Ok(before), Ok(after)) = (Policy::parse(old), Policy::parse(new)) else { return by_lines(old, new) };
    let changes = diff(&before, &after);
    let told = [Lang::En, Lang::Ko].map(|lang| render(&before, &after, &changes, lang));
    told.iter().flat_map(|told| told.lines()).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Lines that only one of both has, in their order: the common beginning and end are left out, and what is between stands whole.
fn by_lines(old: &str, new: &str) -> Vec<String> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let head = old.iter().zip(&new).take_while(|(one, other)| one == other).count();
    let rest = old.len().min(new.len()) - head;
    let tail =
        old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(one, other)| one == other).count();
    let between = |lines: &[&str], sign: char| -> Vec<String> {
        let lines = lines.get(head..lines.len() - tail).unwrap_or_default();
        lines.iter().map(|line| format!("{sign}{line}")).collect()
    };
    let mut told = between(&old, '-');
    told.extend(between(&new, '+'));
    told
}

#[cfg(test)]
mod tests {
    use super::{by_lines, differs, explained};
    use crate::policies::SHIPPED;

    #[test]
    fn what_differs_is_told_line_by_line() {
        assert_eq!(by_lines("a\nb\nc", "a\nx\nc"), ["-b", "+x"]);
        assert_eq!(by_lines("a", "a"), Vec::<String>::new());
        assert_eq!(by_lines("a\na", "a"), ["-a"]);
        assert_eq!(by_lines("", "a\nb"), ["+a", "+b"]);
    }

    #[test]
    fn every_segment_is_told_in_both_languages() {
        let told = explained(SHIPPED);
        assert_eq!(told.len(), 1 + sumun_model::Segment::ALL.len());
        assert!(
            told.iter().all(|one| one.ko.contains("조건:") && one.en.contains("by machine")),
            "{told:#?}"
        );
        assert!(explained("no policy").is_empty());
    }

    #[test]
    fn what_changes_is_told_by_segment_and_in_both_languages() {
        let told = differs(SHIPPED, &SHIPPED.replacen("quiet_s = ", "quiet_s = 1", 1));
        assert!(told.iter().any(|line| line.contains("[stricter] window.quiet_s")), "{told:#?}");
        assert!(told.iter().any(|line| line.contains("[강화] window.quiet_s")), "{told:#?}");
        assert_eq!(differs("a", "b"), ["-a", "+b"]);
    }
}
