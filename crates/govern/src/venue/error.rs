//! What is wrong with a venue file, where, and what to do; and the rules between its fields.

use super::Venue;
use std::fmt;
use sumun_model::{Purpose, Scope};

/// A venue file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VenueError {
    /// The file, as it was named; `None` if it came otherwise.
    pub file: Option<String>,
    /// Line and column, from 1.
    pub at: Option<(usize, usize)>,
    /// The field, as a path with dots.
    pub field: Option<String>,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl std::error::Error for VenueError {}

impl fmt::Display for VenueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.file.as_deref().unwrap_or("the venue's facts"))?;
        if let Some((line, column)) = self.at {
            write!(f, ":{line}:{column}")?;
        }
        f.write_str(": ")?;
        if let Some(field) = &self.field {
            write!(f, "`{field}`: ")?;
        }
        f.write_str(&self.message)?;
        f.write_str("; the example file that comes with Sumun shows every field")
    }
}

impl VenueError {
    pub(super) fn of_toml(file: &str, text: &str, field: Option<String>, error: &toml::de::Error) -> Self {
        let at = error.span().map(|span| position(text, span.start));
        let field = field.filter(|field| field != ".");
        Self { file: Some(file.to_owned()), at, field, message: one_line(error.message()) }
    }

    pub(super) fn of_field(file: &str, text: &str, field: &'static str, message: String) -> Self {
        let at = find(text, field).map(|offset| position(text, offset));
        Self { file: Some(file.to_owned()), at, field: Some(field.to_owned()), message }
    }

    pub(super) fn of_json(field: Option<String>, message: String) -> Self {
        Self { file: None, at: None, field: field.filter(|field| field != "."), message: one_line(&message) }
    }
}

fn one_line(message: &str) -> String {
    message.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(", ")
}

/// Line and column, in characters, both from 1.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

/// Where a field is set: a line of its own, or one with dots under a table's heading. Good enough to point at.
fn find(text: &str, field: &str) -> Option<usize> {
    let splits = field.match_indices('.').map(|(at, _)| field.split_at(at)).collect::<Vec<_>>();
    for (table, name) in splits.into_iter().rev() {
        let Some(from) = text.find(&format!("[{table}]")) else { continue };
        return find_line(text.get(from..)?, name.trim_start_matches('.')).map(|at| from + at).or(Some(from));
    }
    find_line(text, field)
}

fn find_line(text: &str, name: &str) -> Option<usize> {
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let begins = line.trim_start();
        if begins.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with('=')) {
            return Some(offset + line.len() - begins.len());
        }
        offset += line.len();
    }
    None
}

impl Venue {
    /// Rules between fields, and of plain texts: the field and what is wrong.
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        let short_name =
            |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if self.venue.is_empty() || self.venue.len() > 64 || !short_name(&self.venue) {
            return Err((
                "venue",
                format!("`{}` is not 1 to 64 small letters, digits and hyphens", cut(&self.venue)),
            ));
        }
        if self.dialect != "upbit" {
            return Err(("dialect", format!("unknown dialect `{}`, expected `upbit`", cut(&self.dialect))));
        }
        // A signed note's name: no space, no plus; and a scheme would make it a link that it is not.
        let origin = &self.ledger.origin;
        if origin.is_empty()
            || origin.len() > 128
            || !origin.bytes().all(|b| b.is_ascii_graphic() && b != b'+')
            || origin.contains("://")
        {
            return Err((
                "ledger.origin",
                format!(
                    "`{}` is not a name such as `sumun.example/venue`, without `://`, `+` and spaces",
                    cut(origin)
                ),
            ));
        }
        if self.exchange.audience.is_empty() {
            return Err(("exchange.audience", "is empty; the venue's id is a good audience".to_owned()));
        }
        if self.control_test.grace_s.get() >= self.control_test.slot_s.get() {
            return Err((
                "control_test.grace_s",
                "is as long as a slot, of which nothing would be judged; give less than `slot_s`".to_owned(),
            ));
        }
        self.clocks.hold_due_said_once()?;
        for (field, text) in [
            ("name.ko", &self.name.ko),
            ("name.en", &self.name.en),
            ("terms.version", &self.terms.version),
            ("terms.ko", &self.terms.ko),
            ("terms.en", &self.terms.en),
        ] {
            if text.trim().is_empty() {
                return Err((field, "is empty; people read it".to_owned()));
            }
        }
        if self.expiry.approvals.is_empty() {
            return Err((
                "expiry.approvals",
                "is empty; nobody ends another's key alone: name at least one approver".to_owned(),
            ));
        }
        if self.second_factor.methods.is_empty() {
            return Err(("second_factor.methods", "is empty; name `passkey`, `totp` or both".to_owned()));
        }
        let tool = self.scopes_max(Purpose::ThirdPartyTool);
        if tool.is_some_and(|scopes| scopes.contains(Scope::Withdraw)) {
            return Err((
                "purposes.third_party_tool",
                "holds `withdraw`, which a key for a third-party tool never may; take it out".to_owned(),
            ));
        }
        for (field, rules) in [
            ("segments.retail.approvals.transfer", &self.segments.retail),
            ("segments.corporate.approvals.transfer", &self.segments.corporate),
            ("segments.broker.approvals.transfer", &self.segments.broker),
            ("segments.market_maker.approvals.transfer", &self.segments.market_maker),
            ("segments.custodian.approvals.transfer", &self.segments.custodian),
        ] {
            if rules.approvals.transfer.is_empty() {
                return Err((
                    field,
                    "is empty; moving assets needs at least one person's approval".to_owned(),
                ));
            }
        }
        Ok(())
    }
}

fn cut(text: &str) -> String {
    text.chars().take(64).collect()
}
