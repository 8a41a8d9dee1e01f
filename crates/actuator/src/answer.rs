//! What an answer means. Pure: a status and some bytes go in.

use crate::file::Action;
use serde_json::Value;

/// An answer that is asked for: one of these statuses, and where a pointer is given, that value there.
#[derive(Clone, Debug, PartialEq)]
pub struct Expect {
    /// Any of them.
    pub statuses: Vec<u16>,
    /// A JSON pointer (RFC 6901) into the body; none: the body is not read.
    pub pointer: Option<String>,
    /// What must stand there; none: anything but null.
    pub equals: Option<Value>,
}

/// What an answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// It is so.
    Done {
        /// It was so before: nothing had to be changed.
        already: bool,
    },
    /// It may be so yet: asked again.
    Again(String),
    /// Asking the same again will be answered the same.
    Refused(String),
}

impl Expect {
    /// Whether it is this answer; otherwise what is not.
    fn holds(&self, status: u16, body: &[u8]) -> Result<(), String> {
        if !self.statuses.contains(&status) {
            return Err(format!("status {status}"));
        }
        let Some(pointer) = &self.pointer else { return Ok(()) };
        let Ok(body) = serde_json::from_slice::<Value>(body) else {
            return Err(format!("status {status}, and a body that is no JSON"));
        };
        match (body.pointer(pointer), &self.equals) {
            (Some(found), Some(wanted)) if found == wanted => Ok(()),
            (Some(found), None) if !found.is_null() => Ok(()),
            (Some(found), wanted) => Err(format!(
                "status {status}, and at `{pointer}` {} instead of {}",
                shown(found),
                wanted.as_ref().map_or_else(|| "a value".to_owned(), shown)
            )),
            (None, _) => Err(format!("status {status}, and nothing at `{pointer}`")),
        }
    }
}

/// A value for people: short, and never more than one line.
fn shown(value: &Value) -> String {
    let text: String = value.to_string().chars().take(60).collect();
    format!("`{text}`")
}

/// Statuses that a repetition will not change: the call itself is wrong. 401, 403 and 429 are not among them: a token is renewed, a
/// limit passes.
const fn is_final(status: u16) -> bool {
    matches!(status, 300..=399 | 400 | 404..=407 | 410..=418 | 421 | 422 | 426 | 428 | 431 | 451 | 501 | 505)
}

impl Action {
    /// What an answer to this action says. One that means *already so* is looked for after the success itself.
    #[must_use]
    pub fn judge(&self, status: u16, body: &[u8]) -> Said {
        let failed = match self.success.holds(status, body) {
            Ok(()) => return Said::Done { already: false },
            Err(failed) => failed,
        };
        if self.already.iter().any(|already| already.holds(status, body).is_ok()) {
            return Said::Done { already: true };
        }
        if is_final(status) { Said::Refused(failed) } else { Said::Again(failed) }
    }
}

#[cfg(test)]
mod tests {
    use crate::Actuator;
    use crate::file::tests::FILE;

    #[test]
    fn an_answer_is_what_the_file_says_it_is() {
        let actuator = Actuator::parse(FILE).unwrap();
        let suspend = actuator.action(crate::ActionName::Suspend).unwrap();
        let judged = [
            (200, r#"{"state":"disabled"}"#),
            (200, r#"{"state":"active"}"#),
            (200, r#"{}"#),
            (200, "not json"),
            (409, r#"{"error":{"code":"already_disabled"}}"#),
            (409, r#"{"error":{"code":"locked"}}"#),
            (302, ""),
            (404, ""),
            (401, ""),
            (429, ""),
            (500, ""),
        ];
        let table: Vec<String> = judged
            .iter()
            .map(|(status, body)| {
                format!("{status} {body:<42} {:?}", suspend.judge(*status, body.as_bytes()))
            })
            .collect();
        insta::assert_snapshot!(table.join("\n"), @r#"
        200 {"state":"disabled"}                       Done { already: false }
        200 {"state":"active"}                         Again("status 200, and at `/state` `\"active\"` instead of `\"disabled\"`")
        200 {}                                         Again("status 200, and nothing at `/state`")
        200 not json                                   Again("status 200, and a body that is no JSON")
        409 {"error":{"code":"already_disabled"}}      Done { already: true }
        409 {"error":{"code":"locked"}}                Again("status 409")
        302                                            Refused("status 302")
        404                                            Refused("status 404")
        401                                            Again("status 401")
        429                                            Again("status 429")
        500                                            Again("status 500")
        "#);
    }
}
