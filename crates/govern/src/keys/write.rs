//! How a change of keys is written: rows, the registry of dead ids, the gates' records, the owner's notice, all at once.

use super::capability::paused;
use super::feed_record;
use super::lint::{self, Origin};
use super::row::KeyRow;
use crate::actor::Actor;
use crate::govern::{change, facts};
use crate::notices::{self, NoticeDraft, NoticeText};
use crate::plan::{Effect, Plan};
use crate::refusal::Refusal;
use crate::row::{effects, replace};
use crate::venue::Venue;
use serde_json::{Value, json};
use sumun_model::{ExpiryCause, Timestamp};
use sumun_store::tables::{DEAD_KEYS, KEYS};
use sumun_store::{Expect, Image, RowRead};

/// Why it is done, as the ledger keeps it.
#[derive(Clone, Debug, Default)]
pub struct Why<'a> {
    /// In own words.
    pub reason: Option<&'a str>,
    /// For a measure: why a lesser one would not do.
    pub lesser: Option<&'a str>,
    /// Approvals relied on.
    pub approvals: Vec<String>,
}

/// One key as it was and as it shall be, and by which way.
#[derive(Clone, Debug)]
pub struct KeyWrite<'a> {
    /// As it was; none if it is new.
    pub before: Option<&'a KeyRow>,
    /// As it shall be; its version is set here.
    pub after: KeyRow,
    /// What brings it about.
    pub origin: Origin<'a>,
}

/// What is done, by whom, when.
#[derive(Clone, Copy, Debug)]
pub struct Deed<'a> {
    /// Class of the entry.
    pub class: &'static str,
    /// One line for people.
    pub title: &'a str,
    /// Who.
    pub actor: &'a Actor,
    /// The venue's facts in force.
    pub venue: &'a Venue,
    /// When.
    pub now: Timestamp,
}

/// Columns that tell people nothing.
const NOT_SHOWN: &[&str] = &["secret", "exposure", "canary", "next_due_us"];

/// Columns that a plan made for a customer does not show: that he is watched, and what staff wrote.
const HIDDEN_FROM_OWNERS: &[&str] = &["measure", "before_hold", "reason", "review_by"];

/// The plan that writes these keys.
///
/// # Errors
/// `plan_lint` if it would break a rule that holds for every change of a key.
pub fn plan(deed: Deed<'_>, why: &Why<'_>, keys: Vec<KeyWrite<'_>>) -> Result<Plan, Refusal> {
    let mut facts = facts(deed.actor);
    let mut fact = |name: &str, value: Value| {
        facts.insert(name.to_owned(), value);
    };
    fact("venue_facts", json!(deed.venue.digest()));
    fact("keys", json!(keys.iter().map(|key| key.after.key.as_str()).collect::<Vec<_>>()));
    if let Some(reason) = why.reason {
        fact("reason", json!(reason));
    }
    if let Some(lesser) = why.lesser {
        fact("lesser", json!(lesser));
        // R178, R187: what is spared stands beside what is done.
        fact("spared", json!("the owner's other keys, manual access and withdrawals"));
    }
    if !why.approvals.is_empty() {
        fact("approvals", json!(why.approvals));
    }
    let mut plan = Plan {
        title: deed.title.to_owned(),
        effects: Vec::new(),
        warnings: Vec::new(),
        change: change(deed.class, deed.now, facts),
    };
    for mut key in keys {
        lint::key(&key, &why.approvals, deed.now)?;
        key.after.version = key.before.map_or(1, |before| before.version + 1);
        add(&mut plan, &deed, &key);
    }
    Ok(plan)
}

fn add(plan: &mut Plan, deed: &Deed<'_>, key: &KeyWrite<'_>) {
    let customer = deed.actor.roles.iter().any(|role| role.is_customer());
    let before = key.before.map(KeyRow::image);
    let write = replace(&KEYS, before.as_ref(), key.after.image());
    plan.effects.extend(
        effects("key", &write, before.as_ref())
            .into_iter()
            .filter(|effect| !NOT_SHOWN.contains(&effect.field.as_str()))
            .filter(|effect| !customer || !HIDDEN_FROM_OWNERS.contains(&effect.field.as_str()))
            .map(readable),
    );
    plan.change.writes.push(write);
    if key.after.state.is_terminal() {
        plan.change.writes.push(replace(&DEAD_KEYS, None, dead(&key.after, deed.now)));
    } else {
        plan.change.reads.push(RowRead {
            table: &DEAD_KEYS,
            key: key.after.key.clone(),
            expect: Expect::Absent,
        });
    }
    plan.change.feed.extend(feed_record::of(&key.after));
    if let Some(draft) = notice(deed, key) {
        notices::add(plan, draft, deed.now);
    }
}

/// Times as people read them.
fn readable(mut effect: Effect) -> Effect {
    let time = |value: &Value| value.as_i64().map_or(Value::Null, |us| json!(Timestamp::from_micros(us)));
    if let Some(name) = effect.field.strip_suffix("_us") {
        effect.before = time(&effect.before);
        effect.after = time(&effect.after);
        effect.field = name.to_owned();
    }
    effect
}

fn dead(key: &KeyRow, now: Timestamp) -> Image {
    let mut image = Image::new();
    image.insert("key".to_owned(), json!(key.key));
    image.insert("state".to_owned(), json!(key.state));
    image.insert("cause".to_owned(), json!(key.cause));
    image.insert("ended_us".to_owned(), json!(now.as_micros()));
    image
}

/// What the owner is told. Not of steps on the way to a key, and never of monitoring.
fn notice(deed: &Deed<'_>, key: &KeyWrite<'_>) -> Option<NoticeDraft> {
    // Of addresses on their way and of campaigns their own parts tell, and of the ladder's measures the ladder: it knows what was seen.
    let others = ["address.", "measure.", "campaign."].iter().any(|part| deed.class.starts_with(part));
    // What the exchange told of, its customer knows from there.
    let told_there = matches!(deed.class, "key.imported" | "key.mirrored");
    let own = matches!(deed.class, "key.requested" | "key.approved" | "key.assessed" | "case.decided");
    if others || told_there || own {
        return None;
    }
    let said = match deed.class {
        "key.held" => format!("key.held{}", paused(key.after.scopes)),
        class => class.to_owned(),
    };
    let mut draft =
        NoticeDraft::new(deed.class).about(&key.after.key, &key.after.account).say(NoticeText::new(&said));
    if let ("key.held", Some(until)) = (deed.class, key.after.review_due_us) {
        let until = Timestamp::from_micros(until).to_string();
        draft = draft.say(NoticeText::new("key.held.until").with("until", until));
    }
    if let ("key.expired", Some(cause)) = (deed.class, key.after.cause) {
        draft = draft
            .say(NoticeText::new(&format!("key.expired.{cause}")))
            .say(NoticeText::new(&format!("key.expired.{}.next", next_after(cause, &key.after))));
    }
    // How to object is said where there is a case to object in: whoever opens it adds that.
    Some(draft)
}

/// Of which cause what he is to do next is told. A key that ran out while another took its place leaves nothing to ask for.
fn next_after(cause: ExpiryCause, key: &KeyRow) -> ExpiryCause {
    match cause {
        ExpiryCause::Natural if key.ends_us.is_some() => ExpiryCause::Rotated,
        cause => cause,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::row::{Grant, Scheme, Step};
    use super::*;
    use sumun_model::{KeyState, Mandate, Purpose, ScopeSet};

    /// The instant of unit tests: 2026-11-02T00:00:00Z.
    pub(crate) const NOW: Timestamp = Timestamp::from_micros(1_793_577_600_000_000);
    pub(crate) const DAY: i64 = 86_400_000_000;

    #[test]
    fn a_letter_about_an_end_says_what_is_next_by_its_cause() {
        use crate::notices::words::{About, letter};
        use sumun_model::Lang;
        let venue = Venue::parse("venue.toml", crate::venue::EXAMPLE).unwrap();
        let actor = super::super::due::clock_actor();
        let told = |cause: ExpiryCause, ends_us: Option<i64>| {
            let deed = Deed { class: "key.expired", title: "end", actor: &actor, venue: &venue, now: NOW };
            let after = KeyRow { state: KeyState::Expired, cause: Some(cause), ends_us, ..key() };
            let write =
                KeyWrite { before: None, after, origin: Origin::By(super::super::machine::Action::RunOut) };
            let draft = notice(&deed, &write).unwrap();
            let about = About { id: "K1", shown: "‘bot’ …K1" };
            let [ko, en] = [Lang::Ko, Lang::En]
                .map(|lang| letter("key.expired", &draft.texts, about, "Example", lang).body[1..].join("\n"));
            format!("{cause}\n{ko}\n{en}\n")
        };
        let mut all: Vec<String> = ExpiryCause::ALL.iter().map(|cause| told(*cause, None)).collect();
        all.push(told(ExpiryCause::Natural, Some(NOW.as_micros())));
        assert!(all.iter().all(|letter| !letter.contains("key.expired")), "{all:?}");
        insta::assert_snapshot!(all.join("\n"));
    }

    /// A retail key in use.
    pub(crate) fn key() -> KeyRow {
        KeyRow {
            key: "K1".into(),
            account: "A1".into(),
            state: KeyState::Active,
            measure: None,
            before_hold: None,
            cause: None,
            scopes: ScopeSet::READ.union(ScopeSet::TRADE),
            allowlist: serde_json::from_str(r#"["203.0.113.7/32"]"#).unwrap(),
            purpose: Purpose::OwnBot,
            application: "bot".into(),
            operator: "O1".into(),
            vendor: None,
            scheme: Scheme::Hs256,
            secret: Some("ab".repeat(32)),
            exposure: Some("cd".repeat(32)),
            public_key: None,
            created_us: NOW.as_micros() - DAY,
            expires_us: NOW.as_micros() + 90 * DAY,
            rotate_by_us: None,
            ends_us: None,
            replaces: None,
            mandate: Mandate::default(),
            terms: "1".into(),
            terms_accepted_us: NOW.as_micros() - DAY,
            requested_by: "customer:C1/P1".into(),
            session: "s1".into(),
            approvals: vec![Grant {
                step: Step::Trade,
                approval: Some("P1".into()),
                granted: true,
                until_us: None,
            }],
            canary: 0,
            reason: None,
            review_by: None,
            review_due_us: None,
            next_due_us: Some(NOW.as_micros() + 90 * DAY),
            campaign: None,
            version: 3,
        }
    }
}
