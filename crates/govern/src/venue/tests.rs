//! The venue file: what is read, what is refused and how it is said, what counts as loosened.

use super::compare::difference;
use super::*;
use crate::actor::SecondFactor;

fn example() -> Venue {
    Venue::parse("venue.toml", EXAMPLE).unwrap()
}

fn with(from: &str, to: &str) -> String {
    assert!(EXAMPLE.contains(from), "the example holds no `{from}`");
    EXAMPLE.replacen(from, to, 1)
}

fn said(from: &str, to: &str) -> String {
    Venue::parse("venue.toml", &with(from, to)).unwrap_err().to_string()
}

#[test]
fn the_example_reads_and_survives_its_own_json() {
    let venue = example();
    assert_eq!(Venue::from_json(&venue.to_json()).unwrap(), venue);
    assert_eq!(venue.digest().len(), 64);
    let commented = Venue::parse("venue.toml", &format!("# another comment\n{EXAMPLE}")).unwrap();
    assert_eq!(commented.digest(), venue.digest());
    let other = Venue::parse("venue.toml", &with("hold_due_hours = 72", "hold_due_hours = 71")).unwrap();
    assert_ne!(other.digest(), venue.digest());
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let errors = [
        said("venue = \"example\"", "venue = \"Ex ample\""),
        said("dialect = \"upbit\"", "dialect = \"upbti\""),
        said("[terms]", "[terms]\ncolour = \"red\""),
        said("\"kr_two_channel\"]", "\"sms\"]"),
        said("\"kr_two_channel\"]", "\"carrier_pigeon\"]"),
        said("assertion_age_s_max = 60", "assertion_age_s_max = 61"),
        said("v4 = 32", "v4 = 33"),
        said("role = \"analyst\"", "role = \"viewer\""),
        said("role = \"analyst\"", "role = \"annalist\""),
        said("approvals.transfer = [{ role = \"approver\", count = 2 }]", "approvals.transfer = []"),
        said(
            "third_party_tool = { scopes_max = [\"read\", \"trade\"]",
            "third_party_tool = { scopes_max = [\"withdraw\"]",
        ),
        said("portfolio =", "portfollio ="),
        said(
            "# \"2026-06\" = \"<32 bytes of an Ed25519 public key, base64url without padding>\"",
            "k1 = \"AAAA\"",
        ),
        said("origin = \"sumun.example/example\"", "origin = \"https://sumun.example\""),
        said("effective = \"2026-06-01\"", "effective = \"1 June\""),
        said("hold_due_hours = 72", "hold_due_hours = 72\nhold_due_minutes = 4320"),
        said("hold_due_hours = 72\n", ""),
        said("hold_due_hours = 72", "hold_due_minutes = 0"),
        said("[segments.custodian]", "[segments.custodians]"),
        Venue::parse("venue.toml", "venue = ").unwrap_err().to_string(),
    ];
    insta::assert_snapshot!(errors.join("\n"));
}

#[test]
fn a_hold_is_due_in_hours_or_in_minutes_and_the_facts_keep_the_unit() {
    let due = |to: &str| {
        let venue = Venue::parse("venue.toml", &with("hold_due_hours = 72", to)).unwrap();
        (venue.clocks.hold_due().as_micros(), venue.clocks.hold_due().to_string())
    };
    assert_eq!(due("hold_due_hours = 72"), (72 * 3_600_000_000, "72 hours".to_owned()));
    assert_eq!(due("hold_due_hours = 1"), (3_600_000_000, "1 hour".to_owned()));
    assert_eq!(due("hold_due_minutes = 3"), (180_000_000, "3 minutes".to_owned()));
    assert_eq!(due("hold_due_minutes = 120"), (2 * 3_600_000_000, "2 hours".to_owned()));
    // Facts of before this could be said in minutes are as they were, and so is their digest.
    assert!(example().to_json()["clocks"].get("hold_due_minutes").is_none());
}

#[test]
fn who_must_agree_follows_the_strongest_scope() {
    let venue = example();
    let rules = venue.segment(Segment::Retail);
    let count = |scopes: &str| -> Vec<(&str, u32)> {
        let scopes: ScopeSet = serde_json::from_str(scopes).unwrap();
        rules.approvals(scopes).iter().map(|needed| (needed.role.as_str(), needed.count.get())).collect()
    };
    assert_eq!(count(r#"["read"]"#), []);
    assert_eq!(count(r#"["read","cancel"]"#), [("analyst", 1)]);
    assert_eq!(count(r#"["read","trade","deposit"]"#), [("approver", 2)]);
}

#[test]
fn a_second_factor_counts_while_it_is_fresh() {
    let venue = example();
    let now = Timestamp::from_millis(1_800_000_000_000);
    let shown = |method: &str, ago_s: i64| {
        let factor = SecondFactor { method: method.to_owned(), at: now.plus_micros(-ago_s * 1_000_000) };
        venue.accepts_factor(&factor, now)
    };
    assert!(shown("totp", 0) && shown("totp", 300) && shown("passkey", 10));
    assert!(!shown("totp", 301) && !shown("totp", -1) && !shown("sms", 0));
}

#[test]
fn what_gets_looser_is_marked() {
    let before = example();
    let lines: Vec<String> = [
        ("v4 = 32", "v4 = 24"),
        ("v4 = 28", "v4 = 32"),
        ("key_life_days_max = 180", "key_life_days_max = 365"),
        ("key_life_days_max = 365", "key_life_days_max = 90"),
        ("allowlist_required = true", "allowlist_required = false"),
        ("approvals.trade = [{ role = \"analyst\", count = 1 }]", "approvals.trade = []"),
        (
            "approvals.trade = [{ role = \"analyst\", count = 1 }]",
            "approvals.trade = [{ role = \"analyst\", count = 2 }]",
        ),
        ("\"passkey\", \"totp\", \"kr_two_channel\"", "\"passkey\""),
        ("other = { scopes_max = [\"read\"] }", "other = { scopes_max = [\"read\", \"trade\"] }"),
        ("portfolio = { scopes_max = [\"read\"] }\n", ""),
        ("hold_due_hours = 72", "hold_due_hours = 24"),
        ("hold_due_hours = 72", "hold_due_minutes = 3"),
        ("hold_due_hours = 72", "hold_due_minutes = 4320"),
        ("hold_due_hours = 72", "hold_due_minutes = 4321"),
        ("every_minutes = 1440", "every_minutes = 2880"),
        ("version = \"1\"", "version = \"2\""),
        (
            "# \"2026-06\" = \"<32 bytes of an Ed25519 public key, base64url without padding>\"",
            "k1 = \"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"",
        ),
    ]
    .iter()
    .map(|(from, to)| {
        let after = Venue::parse("venue.toml", &with(from, to)).unwrap();
        let difference = difference(Some(&before), &after);
        let fields: Vec<String> = difference
            .effects
            .iter()
            .map(|effect| {
                let mark = if difference.loosened.contains(&effect.field) { "LOOSER" } else { "ok" };
                format!("{mark:6} {}: {} → {}", effect.field, effect.before, effect.after)
            })
            .collect();
        fields.join("; ")
    })
    .collect();
    insta::assert_snapshot!(lines.join("\n"));
    assert!(difference(None, &before).loosened.is_empty());
    assert_eq!(difference(Some(&before), &before), super::compare::Difference::default());
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,200}", at in 0_usize..4000, with in "\\PC{0,8}") {
        let _ = Venue::parse("venue.toml", &text);
        let mut changed = EXAMPLE.to_owned();
        let at = (at..changed.len()).find(|at| changed.is_char_boundary(*at)).unwrap_or(0);
        changed.insert_str(at, &with);
        if let Err(error) = Venue::parse("venue.toml", &changed) {
            proptest::prop_assert!(error.at.is_some(), "{error}");
        }
    }
}
