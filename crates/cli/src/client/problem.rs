//! A server's no: a problem document (RFC 9457), told in words and as an exit code.

use super::asker::Asker;
use crate::exit::{BAD_INPUT, BadInput, FAILED, Failed};
use serde_json::{Value, json};

/// What the server said was wrong.
#[derive(Debug)]
pub(crate) struct Problem {
    status: u16,
    document: Value,
    server: String,
    asker: Asker,
}

impl Problem {
    /// Of an answer with this status; the document may be none, if something between answered.
    pub(crate) fn of(status: u16, document: &Value, server: &str, asker: &Asker) -> Self {
        let document = if document.is_object() {
            document.clone()
        } else {
            json!({ "status": status, "title": "an answer that is not Sumun's",
                    "detail": format!("`{server}` answered {status} without a problem document"),
                    "remedy": "look at what stands between, and at the server's address" })
        };
        Self { status, document, server: server.to_owned(), asker: asker.clone() }
    }

    /// The same, said of other places: where it begins with `line N`, with the place that `at` names for it.
    pub(crate) fn of_lines(mut self, at: &dyn Fn(u64) -> Option<String>) -> Self {
        let detail = self.document.get("detail").and_then(Value::as_str).unwrap_or_default();
        let place = detail.strip_prefix("line ").and_then(|rest| {
            let digits = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
            let (number, rest) = rest.split_at_checked(digits)?;
            Some(format!("{}{rest}", at(number.parse().ok()?)?))
        });
        if let (Some(fields), Some(detail)) = (self.document.as_object_mut(), place) {
            fields.insert("detail".to_owned(), Value::String(detail));
        }
        self
    }

    /// Whether it would be done if a second factor were shown again first.
    pub(crate) fn wants_second_factor(&self) -> bool {
        self.document.get("code").and_then(Value::as_str) == Some("second_factor_needed")
    }

    /// For programs.
    pub(crate) fn document(&self) -> &Value {
        &self.document
    }

    /// 2 if what was given is bad, else 1.
    pub(crate) fn exit_code(&self) -> u8 {
        if matches!(self.status, 400 | 413 | 415 | 422) { BAD_INPUT } else { FAILED }
    }

    /// For people, with the exit code that goes with it.
    pub(crate) fn into_error(self) -> anyhow::Error {
        let text = self.text();
        if self.exit_code() == BAD_INPUT { BadInput(text).into() } else { Failed(text).into() }
    }

    fn text(&self) -> String {
        let said = |name: &str| self.document.get(name).and_then(Value::as_str).unwrap_or_default();
        let what = match (said("detail"), said("title")) {
            ("", "") => format!("the server answered {}", self.status),
            ("", title) => title.to_owned(),
            (detail, _) => detail.to_owned(),
        };
        let mut text = what;
        for (label, field) in [("field", "pointer"), ("code", "code"), ("what to do", "remedy")] {
            if !said(field).is_empty() {
                text.push_str(&format!("\n  {label}: {}", said(field)));
            }
        }
        let hint = match self.status {
            401 if self.wants_second_factor() => self.asker.step_up().map(|how| ("show it", how)),
            401 => Some(("sign in", self.asker.sign_in(&self.server))),
            403 => self.asker.told().map(|who| ("asked as", who)),
            _ => None,
        };
        if let Some((label, how)) = hint {
            text.push_str(&format!("\n  {label}: {how}"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::super::asker::Named;
    use super::*;

    const AT: &str = "http://127.0.0.1:8070";

    fn bob() -> Asker {
        let (name, principal) = ("bob".to_owned(), "user:bob".to_owned());
        Asker::Profile(Named { name, principal, server: None, folder: None })
    }

    #[test]
    fn a_problem_is_told_with_its_code_and_remedy() {
        let document = json!({
            "type": "about:blank", "title": "Conflict", "status": 409, "code": "key_state",
            "detail": "key `K1` is expired", "remedy": "request a new key", "pointer": "/key",
        });
        let problem = Problem::of(409, &document, AT, &bob());
        assert_eq!(problem.exit_code(), FAILED);
        insta::assert_snapshot!(problem.text(), @"
        key `K1` is expired
          field: /key
          code: key_state
          what to do: request a new key
        ");
        assert_eq!(Problem::of(422, &document, AT, &bob()).exit_code(), BAD_INPUT);
    }

    #[test]
    fn what_is_not_from_sumun_is_named_so() {
        insta::assert_snapshot!(Problem::of(502, &Value::Null, AT, &bob()).text(), @"
        `http://127.0.0.1:8070` answered 502 without a problem document
          what to do: look at what stands between, and at the server's address
        ");
        insta::assert_snapshot!(Problem::of(401, &json!({"detail": "show it again", "code": "second_factor_needed"}), AT, &bob()).text(), @"
        show it again
          code: second_factor_needed
          show it: sumun step-up --as bob
        ");
        insta::assert_snapshot!(Problem::of(401, &json!({"detail": "no session"}), AT, &Asker::Nobody).text(), @"
        no session
          sign in: sumun login USER --server http://127.0.0.1:8070
        ");
        insta::assert_snapshot!(Problem::of(403, &json!({"detail": "none of your roles may do `campaign_list`"}), AT, &Asker::Machine).text(), @"
        none of your roles may do `campaign_list`
          asked as: a machine, by the token in SUMUN_TOKEN; `--as PROFILE` asks as a person
        ");
    }
}
