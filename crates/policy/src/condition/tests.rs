//! Conditions: what is refused and where, and agreement with CEL's own evaluator on what is taken.

use super::*;
use cel::{Context, Program};
use proptest::prelude::*;
use std::collections::{BTreeMap, HashMap};
use sumun_model::{ScoreKind, Weights};

fn facts() -> Facts {
    Facts::from([
        ("key.age_days".to_owned(), Type::Int),
        ("key.fresh".to_owned(), Type::Bool),
        ("origin.class".to_owned(), Type::Text),
    ])
}

fn compiled(source: &str) -> Condition {
    compile(source, &facts(), &Weights::default()).unwrap_or_else(|error| panic!("{source}: {error}"))
}

/// Where it is refused, as a mark under the source, and why.
fn refused(source: &str) -> String {
    let error = compile(source, &facts(), &Weights::default()).expect_err(source);
    let shown: String = source.chars().take(60).collect();
    format!("{shown}\n{}^ {error}\n", " ".repeat(error.at.start.min(60)))
}

#[test]
fn what_is_refused_says_where_and_what_to_do() {
    let sources = [
        "",
        "sharing.points >=",
        "sharing.point >= 3",
        "measure == \"hodl\"",
        "sharing.points >= 3.5",
        "sharing.p >= 5",
        "sharing.p >= 0.12345",
        "sharing.p >= market.p",
        "sharing.points && true",
        "key.fresh > 3",
        "key.age_days == \"old\"",
        "segment < \"retail\"",
        "[1, 2, 3].all(x, x > 0)",
        "key.age_days / 2 > 3",
        "key.age_days > 3 ? true : false",
        "has(key.age_days)",
        "families_over(key.age_days) >= 2",
        "families_ovr(800) >= 2",
        "caused_by(\"lended\") > 3",
        "seen(\"x\")",
        "true // a comment",
        "origin.class.startsWith(\"res\")",
        "segment in [\"retail\", \"privat\"]",
        "segment in segments",
        "sharing[\"points\"] > 3",
        "{\"a\": 1}.a == 1",
        "nothing",
    ];
    insta::assert_snapshot!(sources.iter().map(|s| refused(s)).collect::<Vec<_>>().join("\n"));
}

#[test]
fn probabilities_become_points_by_the_prior() {
    for (p, points) in [("0.05", 3268), ("0.30", 5365), ("0.60", 6618), ("0.95", 9157)] {
        let condition = compiled(&format!("sharing.p >= {p}"));
        assert_eq!(condition.root.in_points(), format!("sharing.points >= {points}"));
        assert_eq!(condition.root.to_string(), format!("sharing.p >= {p}"));
    }
}

#[test]
fn seconds_asked_are_found_on_either_side() {
    assert_eq!(compiled("in_measure_s >= 60 || 90 < in_measure_s").seconds_asked(), [(None, 60), (None, 91)]);
    let held = compiled("measure == \"hold\" && 60 <= in_measure_s && sharing.points > 3");
    assert_eq!(held.seconds_asked(), [(Some(Measure::Hold), 60)]);
}

/// What is known, by name.
struct Known(BTreeMap<String, Value>);

impl Source for Known {
    fn value(&self, var: &Var) -> Option<Value> {
        self.0.get(&var.to_string()).cloned()
    }
    fn call(&self, _: Function, _: &Argument) -> Option<Value> {
        None
    }
}

#[test]
fn what_is_unknown_is_never_true() {
    let known = Known(BTreeMap::from([("key.fresh".to_owned(), Value::Bool(true))]));
    let read = |source: &str| known.truth(&compiled(source).root);
    assert_eq!(read("key.age_days > 3"), None);
    assert_eq!(read("!(key.age_days > 3)"), None);
    assert_eq!(read("key.age_days > 3 || key.fresh"), Some(true));
    assert_eq!(read("key.age_days > 3 && !key.fresh"), Some(false));
    assert_eq!(read("key.age_days > 3 && key.fresh"), None);
    assert_eq!(read("key.age_days == key.age_days"), None);
    assert_eq!(read("key.age_days in [1, 2]"), None);
    let huge = Known(BTreeMap::from([("key.age_days".to_owned(), Value::Int(i64::MAX))]));
    assert_eq!(huge.truth(&compiled("key.age_days * 2 > 0").root), None, "a sum without room is unknown");
}

/// Conditions made at random, by the same grammar as people write them.
fn conditions() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        Just("sharing.points".to_owned()),
        Just("family.origin".to_owned()),
        Just("in_measure_s".to_owned()),
        Just("key.age_days".to_owned()),
        (-20_i64..20).prop_map(|n| n.to_string()),
    ];
    let sum = (number.clone(), prop::sample::select(vec!["+", "-", "*"]), number.clone())
        .prop_map(|(a, operator, b)| format!("({a} {operator} {b})"));
    let number = prop_oneof![3 => number, 1 => sum];
    let order = prop::sample::select(vec![">=", ">", "<", "<=", "==", "!="]);
    let leaf = prop_oneof![
        (number.clone(), order, number).prop_map(|(a, how, b)| format!("{a} {how} {b}")),
        Just("key.fresh".to_owned()),
        Just("hard.owner_denies".to_owned()),
        Just("measure == \"hold\"".to_owned()),
        Just("measure in [\"warn\", \"none\"]".to_owned()),
        Just("origin.class != \"hosting\"".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) && ({b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) || ({b})")),
            inner.prop_map(|a| format!("!({a})")),
        ]
    })
}

proptest! {
    #[test]
    fn agrees_with_cel(
        source in conditions(), points in -20_i64..20, origin in -20_i64..20, seconds in 0_i64..20, age in -20_i64..20,
        fresh in any::<bool>(), denies in any::<bool>(),
        measure in prop::sample::select(vec!["none", "warn", "hold"]), class in prop::sample::select(vec!["hosting", "mobile"]),
    ) {
        let known = Known(BTreeMap::from([
            (Var::Points(ScoreKind::Sharing).to_string(), Value::Int(points)),
            ("family.origin".to_owned(), Value::Int(origin)),
            ("in_measure_s".to_owned(), Value::Int(seconds)),
            ("key.age_days".to_owned(), Value::Int(age)),
            ("key.fresh".to_owned(), Value::Bool(fresh)),
            ("hard.owner_denies".to_owned(), Value::Bool(denies)),
            ("measure".to_owned(), Value::Text(measure.to_owned())),
            ("origin.class".to_owned(), Value::Text(class.to_owned())),
        ]));
        let mut context = Context::default();
        context.add_variable_from_value("sharing", HashMap::from([("points", points)]));
        context.add_variable_from_value("family", HashMap::from([("origin", origin)]));
        context.add_variable_from_value("in_measure_s", seconds);
        let key: HashMap<&str, cel::Value> = HashMap::from([("age_days", age.into()), ("fresh", fresh.into())]);
        context.add_variable_from_value("key", key);
        context.add_variable_from_value("hard", HashMap::from([("owner_denies", denies)]));
        context.add_variable_from_value("measure", measure);
        context.add_variable_from_value("origin", HashMap::from([("class", class)]));
        let theirs = Program::compile(&source).expect("CEL").execute(&context).expect("an answer");
        let condition = compiled(&source);
        prop_assert_eq!(known.truth(&condition.root), Some(theirs == cel::Value::Bool(true)), "{}", source);
        // Written out again it says the same.
        let again = compiled(&condition.root.to_string());
        prop_assert_eq!(known.truth(&again.root), known.truth(&condition.root), "{} / {}", source, condition.root);
    }

    #[test]
    fn no_text_makes_the_reader_fall(source in "\\PC{0,80}") {
        let _ = compile(&source, &facts(), &Weights::default());
    }

    #[test]
    fn nothing_made_of_its_own_words_makes_the_reader_fall(
        words in prop::collection::vec(prop::sample::select(vec![
            "sharing", ".", "points", "p", "(", ")", "[", "]", "&&", "||", "!", "-", ">=", "0.30", "5", "\"a\"", "in", "families_over",
            "?", ":", "{", "}", "has", ",", "한", "\n", "'", "true", "null", "0x1f", "1u", "b'x'",
        ]), 0..24),
    ) {
        let _ = compile(&words.join(" "), &facts(), &Weights::default());
    }
}
