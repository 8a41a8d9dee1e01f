//! What is wrong with a mapping file, and where: every problem says file, line, what, and what to do.

use sumun_model::position::line_and_column;

/// One thing wrong with a mapping or a path table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Problem {
    /// The file, or the name of a ready mapping.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong and what to do.
    pub message: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)
    }
}

/// Everything wrong with a file, in its order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct MappingErrors(pub Vec<Problem>);

impl std::fmt::Display for MappingErrors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the mapping cannot be used")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

/// Collects problems of one file.
pub(crate) struct Problems<'a> {
    file: &'a str,
    text: &'a str,
    list: Vec<Problem>,
}

impl<'a> Problems<'a> {
    pub(crate) const fn of(file: &'a str, text: &'a str) -> Self {
        Self { file, text, list: Vec::new() }
    }

    /// Notes a problem at a byte of the text.
    pub(crate) fn wrong(&mut self, at: usize, message: impl Into<String>) {
        let (line, column) = line_and_column(self.text, at);
        self.list.push(Problem { file: self.file.to_owned(), line, column, message: message.into() });
    }

    /// What cannot be read at all, as the reader of TOML says it.
    pub(crate) fn unreadable(mut self, error: &toml::de::Error) -> MappingErrors {
        self.wrong(error.span().map_or(0, |span| span.start), error.message());
        MappingErrors(self.list)
    }

    /// The value, if nothing is wrong.
    pub(crate) fn end<T>(mut self, value: Option<T>) -> Result<T, MappingErrors> {
        self.list.sort();
        match value {
            Some(value) if self.list.is_empty() => Ok(value),
            _ => Err(MappingErrors(self.list)),
        }
    }
}

/// The known name nearest to a wrong one, as an addition to a message.
pub(crate) fn did_you_mean<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let near = known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(found, name), name))
        .filter(|(distance, name)| *distance <= name.len().max(3) / 3)
        .min();
    near.map_or_else(String::new, |(_, name)| format!("; did you mean `{name}`?"))
}
