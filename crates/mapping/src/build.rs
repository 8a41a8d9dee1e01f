//! From values to a line of the wire: each value in the form its field takes, then read by the wire's own types.

use crate::address;
use crate::expr::{Around, Bad, Expr, Value};
use crate::fields::Kind;
use crate::hide;
use crate::mapping::{FieldPlan, LinePlan};
use crate::refusal::{Code, Refusal};
use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};
use sumun_model::Prefix;
use sumun_model::wire::{
    AccessLine, AccountLine, DelegationLine, KeyLine, Line, MarketLine, NetworkLine, OrderLine, QuoteLine,
    ReportLine, SessionLine, TradeLine, TransferLine, VendorLine,
};

/// Longest user agent on the wire, in characters.
const AGENT_CHARS_MAX: usize = 256;

/// What came of one record and one kind of line.
pub(crate) enum Built<'m> {
    Line {
        line: Box<Line>,
        filled: Vec<&'m FieldPlan>,
        emptied: Vec<Refusal>,
    },
    /// A field that `needs` names has no value.
    Lacks(&'m str),
    Refused(Refusal),
}

/// Makes a line.
pub(crate) fn line<'m>(plan: &'m LinePlan, around: &Around<'_>) -> Built<'m> {
    let (mut map, mut filled, mut emptied) = (Map::new(), Vec::with_capacity(plan.fields.len()), Vec::new());
    for field in &plan.fields {
        let mut tried = field.expr.chain().map(|expr| {
            let made = expr.value(around).and_then(|value| json(field, expr, value));
            made.map_err(|bad| (bad, expr))
        });
        match tried.find(|made| !matches!(made, Ok(None))).unwrap_or(Ok(None)) {
            Ok(Some(value)) => {
                put(&mut map, &field.name, value);
                filled.push(field);
            }
            Ok(None) => {}
            Err((Bad { code, detail }, expr)) => {
                let refusal = Refusal::new(code, &field.full, detail);
                if !expr.absent_if_bad {
                    return Built::Refused(refusal);
                }
                emptied.push(refusal);
            }
        }
    }
    if let Some(lacks) = plan.needs.iter().find(|need| !has(&filled, need)) {
        return Built::Lacks(lacks);
    }
    if let Some(lacks) = plan.of.required.iter().find(|required| !has(&filled, required)) {
        let full = format!("{}.{lacks}", plan.of.word);
        return Built::Refused(Refusal::new(Code::Missing, full, ""));
    }
    let mut object = Json::Object(map);
    // As often as there are fields, at most: each time one leaves.
    loop {
        let (field, why) = match read(plan.of.word, &object) {
            Ok(line) => return Built::Line { line: Box::new(line), filled, emptied },
            Err(wrong) => wrong,
        };
        let full = if field.is_empty() { String::new() } else { format!("{}.{field}", plan.of.word) };
        let refusal = Refusal::new(Code::NotOfTheWire, full, hide::line(&why, 200));
        let guilty = filled.iter().position(|plan| plan.name == field);
        let spared =
            |at: &usize| filled.get(*at).is_some_and(|plan| plan.expr.chain().any(|expr| expr.absent_if_bad));
        let (Some(at), Json::Object(map)) = (guilty.filter(spared), &mut object) else {
            return Built::Refused(refusal);
        };
        map.remove(&filled.remove(at).name);
        emptied.push(refusal);
    }
}

fn has(filled: &[&FieldPlan], name: &str) -> bool {
    filled.iter().any(|field| field.name == name)
}

/// Puts a value at its name; `a.b` is `b` in the object `a`.
fn put(map: &mut Map<String, Json>, name: &str, value: Json) {
    let Some((outer, inner)) = name.split_once('.') else {
        map.insert(name.to_owned(), value);
        return;
    };
    if let Json::Object(object) = map.entry(outer).or_insert_with(|| Json::Object(Map::new())) {
        object.insert(inner.to_owned(), value);
    }
}

/// A value in the form its field takes; `None` where there is none.
fn json(field: &FieldPlan, expr: &Expr, value: Value) -> Result<Option<Json>, Bad> {
    let kind = field.kind;
    let list = matches!(kind, Kind::Prefixes | Kind::Words);
    let text = match value {
        Value::Absent => return Ok(None),
        Value::List(items) if list => {
            let items: Result<Vec<Json>, Bad> = items.into_iter().map(|item| item_of(kind, item)).collect();
            return items.map(|items| Some(Json::Array(items)));
        }
        Value::List(items) => {
            return Err(Bad::of(Code::WrongShape, &items.join(",")));
        }
        // One value alone is a list of one.
        Value::Text(text) if list => return Ok(Some(Json::Array(vec![item_of(kind, text)?]))),
        Value::Text(text) => text,
    };
    if hide::is_credential(&text) {
        return Err(Bad { code: Code::Credential, detail: String::new() });
    }
    if kind == Kind::Text && !field.name.starts_with("ext.") && is_of_a_spreadsheet(&text) {
        return Err(Bad::of(Code::SpreadsheetNumber, &text));
    }
    let bad = |(code, detail): (Code, String)| Bad { code, detail };
    Ok(Some(match (kind, &expr.time) {
        (Kind::Time | Kind::Text, Some(format)) => {
            Json::String(format.instant(&text).map_err(bad)?.to_string())
        }
        (Kind::Date, Some(format)) => Json::String(format.date(&text).map_err(bad)?.to_string()),
        (Kind::Agent, _) => Json::String(text.chars().take(AGENT_CHARS_MAX).collect()),
        (Kind::Address, _) => match address::plain(&text) {
            Some(address) => Json::String(address.to_string()),
            None => return Err(Bad::of(Code::BadAddress, &text)),
        },
        (Kind::Integer, _) => integer(&text, expr.times)?,
        (Kind::Decimal, _) => Json::String(decimal(&text)?),
        (Kind::Truth, _) => match text.to_ascii_lowercase().as_str() {
            "true" | "1" => Json::Bool(true),
            "false" | "0" => Json::Bool(false),
            _ => {
                return Err(Bad::of(Code::UnknownWord, &text));
            }
        },
        _ => Json::String(text),
    }))
}

/// Whether a spreadsheet wrote it so, as it does with ids of many figures: `1.23E+15`. What the id was nobody can tell any more.
fn is_of_a_spreadsheet(text: &str) -> bool {
    let figures = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let Some((number, power)) = text.split_once("E+") else { return false };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    whole.len() == 1
        && figures(whole)
        && figures(fraction)
        && (2..=3).contains(&power.len())
        && figures(power)
}

fn item_of(kind: Kind, text: String) -> Result<Json, Bad> {
    if kind == Kind::Prefixes {
        let prefix: Prefix = text.parse().map_err(|_| Bad::of(Code::BadPrefix, &text))?;
        return Ok(Json::String(prefix.to_string()));
    }
    Ok(Json::String(text))
}

fn integer(text: &str, times: Option<i64>) -> Result<Json, Bad> {
    let bad = || Bad::of(Code::BadNumber, text);
    let number = Decimal::from_str_exact(text).map_err(|_| bad())?;
    let number = match times {
        Some(times) => number.checked_mul(Decimal::from(times)).ok_or_else(bad)?.trunc(),
        None if number.fract().is_zero() => number.trunc(),
        None => {
            return Err(Bad::of(Code::BadNumber, text));
        }
    };
    // As far as every reader of JSON takes whole numbers.
    i64::try_from(number).map(Json::from).map_err(|_| bad())
}

/// A decimal as the wire writes it: thousands' commas and a plus are a spreadsheet's.
fn decimal(text: &str) -> Result<String, Bad> {
    let plain: String = text.trim_start_matches('+').chars().filter(|c| *c != ',').collect();
    match plain.parse::<sumun_model::Decimal>() {
        Ok(decimal) => Ok(decimal.to_string()),
        Err(_) => Err(Bad::of(Code::BadNumber, text)),
    }
}

/// Reads the object as a line of the type; what is wrong with which field.
fn read(word: &str, object: &Json) -> Result<Line, (String, String)> {
    macro_rules! by_word {
        ($($word:literal => $variant:ident($body:ty)),+ $(,)?) => {
            match word {
                $($word => body::<$body>(object).map(|body| Line::$variant(Box::new(body))),)+
                _ => Err((String::new(), format!("no line type `{word}`"))),
            }
        };
    }
    by_word! {
        "account" => Account(AccountLine),
        "vendor" => Vendor(VendorLine),
        "key" => Key(KeyLine),
        "delegation" => Delegation(DelegationLine),
        "network" => Network(NetworkLine),
        "market" => Market(MarketLine),
        "session" => Session(SessionLine),
        "access" => Access(AccessLine),
        "order" => Order(OrderLine),
        "trade" => Trade(TradeLine),
        "quote" => Quote(QuoteLine),
        "transfer" => Transfer(TransferLine),
        "report" => Report(ReportLine),
    }
}

fn body<T: DeserializeOwned>(object: &Json) -> Result<T, (String, String)> {
    // Only what is wrong is read again, to learn where.
    T::deserialize(object).or_else(|_| {
        serde_path_to_error::deserialize::<_, T>(object).map_err(|error| {
            let path = error.path().to_string();
            let field = if path == "." { String::new() } else { path };
            (field, error.into_inner().to_string())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spreadsheet_s_number_is_no_id() {
        for id in ["1.23E+15", "1E+15", "9.876543E+100"] {
            assert!(is_of_a_spreadsheet(id), "{id}");
        }
        for id in ["1e15", "12E+15", "1.23E+1", "1.E+15", "a.1E+15", "1.23E+15x", "E+15", "1.23E-15", "K1"] {
            assert!(!is_of_a_spreadsheet(id), "{id}");
        }
    }

    #[test]
    fn numbers() {
        let int = |text: &str, times| integer(text, times).ok().map(|json| json.to_string());
        assert_eq!(int("830", None).as_deref(), Some("830"));
        assert_eq!(int("0.0041", Some(1_000_000)).as_deref(), Some("4100"));
        assert_eq!(int("1.0", None).as_deref(), Some("1"));
        assert_eq!(int("1.5", None), None);
        assert_eq!(int("-12", None).as_deref(), Some("-12"));
        assert_eq!(int("99999999999999999999", None), None);
        assert_eq!(int("1e3", None), None);
        assert_eq!(decimal("95,000,000.50").unwrap(), "95000000.50");
        assert!(decimal("1e5").is_err());
    }
}
