//! From what govern and the store say to what is shown. A view is a list of what may be seen: what it does not name is dropped.

use crate::problem::Problem;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use sumun_model::Timestamp;

/// The view `V` of any value, by name, field for field: times are instants, and lose the `_us` of their names.
pub(crate) fn view<V: DeserializeOwned>(value: &impl Serialize) -> Result<V, Problem> {
    serde_json::to_value(value).map(instants).and_then(serde_json::from_value).map_err(unshowable)
}

/// Instants for numbers of microseconds, however deep. `looked_us` is a duration and stays.
fn instants(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(instants).collect(),
        Value::Object(fields) => Value::Object(fields.into_iter().map(instant).collect::<Map<_, _>>()),
        other => other,
    }
}

fn instant((name, value): (String, Value)) -> (String, Value) {
    match name.strip_suffix("_us") {
        Some(short) if name != "looked_us" && (value.is_i64() || value.is_null()) => {
            let time = value.as_i64().map(|us| Timestamp::from_micros(us).to_string());
            (short.to_owned(), time.into())
        }
        _ => (name, instants(value)),
    }
}

fn unshowable(error: serde_json::Error) -> Problem {
    tracing::error!(%error, "A row cannot be shown");
    Problem::fault("row_unreadable", "what is stored cannot be shown; this is a fault of the server")
}

/// One page of a list, made of one row more than is shown.
#[derive(Debug, Serialize)]
pub(crate) struct Page<V> {
    items: Vec<V>,
    next: Option<String>,
}

/// Cuts the page; `id` names an item.
pub(crate) fn page<V>(mut items: Vec<V>, limit: u64, id: impl Fn(&V) -> String) -> Page<V> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = items.len() > limit;
    items.truncate(limit);
    let next = if more { items.last().map(id) } else { None };
    Page { items, next }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times_are_instants_and_durations_stay() {
        let row = json!({ "due_us": 0, "sent_us": null, "decisions": [{ "at_us": 1, "looked_us": 5 }], "state": "open" });
        let shown: Value = view(&row).unwrap();
        assert_eq!(
            shown,
            json!({ "due": "1970-01-01T00:00:00.000000Z", "sent": null,
                "decisions": [{ "at": "1970-01-01T00:00:00.000001Z", "looked_us": 5 }], "state": "open" })
        );
    }

    #[test]
    fn a_page_names_its_last_item_if_there_is_more() {
        let next = |items: Vec<u8>| page(items, 2, |item| item.to_string()).next;
        assert_eq!((next(vec![1, 2]), next(vec![1, 2, 3]), next(vec![])), (None, Some("2".to_owned()), None));
    }
}
