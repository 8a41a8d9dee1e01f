//! Why a line, or one value of it, was not taken: a closed list of codes, which people are told in words by [`crate::told`].

/// Declares the codes with their words in JSON.
macro_rules! codes {
    ($($(#[$meta:meta])* $variant:ident = $word:literal),+ $(,)?) => {
        /// Why something was not taken.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($(#[$meta])* $variant),+ }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its word in JSON.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }
    };
}

codes! {
    /// The line is longer than allowed.
    TooLong = "too_long",
    /// Bytes that are no text in the mapping's encoding.
    BadEncoding = "bad_encoding",
    /// No UTF-8, as the mapping says, but EUC-KR.
    KoreanEncoding = "korean_encoding",
    /// No JSON object, or a member twice.
    BadJson = "bad_json",
    /// A row with more or fewer cells than columns.
    WrongCells = "wrong_cells",
    /// A quote that is never closed.
    OpenQuote = "open_quote",
    /// Not of the pattern's form.
    NoMatch = "no_match",
    /// Of the pattern's form in more than one way.
    Ambiguous = "ambiguous",
    /// A field that the line cannot do without has no value.
    Missing = "missing",
    /// A request that is no request.
    BadRequest = "bad_request",
    /// No time in the mapping's format.
    BadTime = "bad_time",
    /// A time in a year in which there was no exchange.
    WrongUnit = "wrong_unit",
    /// No address, or a chain too short for its trusted hops.
    BadAddress = "bad_address",
    /// No address prefix.
    BadPrefix = "bad_prefix",
    /// No number of the kind that is needed.
    BadNumber = "bad_number",
    /// An id that a spreadsheet wrote as a rounded number.
    SpreadsheetNumber = "spreadsheet_number",
    /// A signed token or another credential where an id or a word belongs.
    Credential = "credential",
    /// A word that the mapping's list does not have.
    UnknownWord = "unknown_word",
    /// A list or an object where one value is needed, or the reverse.
    WrongShape = "wrong_shape",
    /// A value that the wire does not take.
    NotOfTheWire = "not_of_the_wire",
}

impl serde::Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}

/// One refusal: why, of which field, and what the value was like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub code: Code,
    /// The wire's field, such as `access.ts`; empty when it is the line as a whole.
    pub field: String,
    /// What was found, cut and with secrets hidden.
    pub detail: String,
}

impl Refusal {
    pub(crate) fn new(code: Code, field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { code, field: field.into(), detail: detail.into() }
    }

    /// Keeps of the detail only what is a count, and nothing that stood in a record.
    pub(crate) fn quote_nothing(&mut self) {
        if !matches!(self.code, Code::WrongCells | Code::TooLong) {
            self.detail.clear();
        }
    }
}
