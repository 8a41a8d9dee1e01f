//! The configuration in words: each value with where it came from, and the example file.

use super::section::Field;
use super::{Config, Loaded, Origin, SECTIONS, fields};
use serde::Serialize;
use std::fmt::Write;

/// One value, explained.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explained {
    /// The key, such as `gate.listen`.
    pub key: String,
    /// Its value; `None` if it is absent.
    pub value: Option<toml::Value>,
    /// `default`, or where it was said.
    pub origin: String,
    /// What it means.
    pub meaning: String,
}

/// Every value and where it came from, in the order of the example file.
#[must_use]
pub fn explain(loaded: &Loaded) -> Vec<Explained> {
    let table = as_table(&loaded.config);
    fields()
        .map(|field| {
            let key = field.path();
            let origin = loaded.origin(&key).to_string();
            let meaning = field.doc.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
            Explained { value: value(&table, &key), key, origin, meaning }
        })
        .collect()
}

/// The values as a table a person reads: key, value, origin.
#[must_use]
pub fn render(loaded: &Loaded) -> String {
    let rows: Vec<(String, String, String)> = explain(loaded)
        .into_iter()
        .map(|row| {
            (row.key, row.value.map_or_else(|| "(absent)".to_owned(), |value| value.to_string()), row.origin)
        })
        .collect();
    let wide = |cell: fn(&(String, String, String)) -> &str| {
        rows.iter().map(|row| cell(row).chars().count()).max().unwrap_or(0)
    };
    let (keys, values) = (wide(|row| &row.0), wide(|row| &row.1));
    rows.iter().fold(String::new(), |mut text, (key, value, origin)| {
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "{key:keys$}  {value:values$}  {origin}");
        text
    })
}

/// `docs/sumun.example.toml`: every key with its meaning and its default, all commented out.
#[must_use]
pub fn example() -> String {
    let defaults = as_table(&Config::default());
    let mut text = String::from(
        "# Every key of sumun.toml, with its default. Take out the `#` before a key to change it.\n\
         #\n\
         # A value comes from the first of: a flag, the environment (SUMUN_GATE__LISTEN is gate.listen), this file,\n\
         # the default. Relative paths start at this file's folder. Unknown keys are errors.\n\
         # `sumun config check` explains what is in force and checks it.\n",
    );
    for (section, doc, section_fields) in SECTIONS {
        text.push('\n');
        if !section.is_empty() {
            doc.iter().for_each(|line| comment(&mut text, line));
            let _ = writeln!(text, "[{section}]");
        }
        for field in *section_fields {
            if !section.is_empty() {
                text.push('\n');
            }
            field.doc.iter().for_each(|line| comment(&mut text, line));
            let shown = shown(field, value(&defaults, &field.path()));
            let _ = writeln!(text, "#{} = {shown}", field.key);
        }
    }
    text
}

fn shown(field: &Field, default: Option<toml::Value>) -> String {
    match (field.example, default) {
        (Some(example), None) => format!("{example} # absent by default"),
        (Some(example), Some(default)) => format!("{default} # such as {example}"),
        (None, default) => default.map_or_else(String::new, |default| default.to_string()),
    }
}

/// The default of a key as TOML; empty if there is none.
pub(crate) fn default_of(path: &str) -> String {
    value(&as_table(&Config::default()), path).map_or_else(String::new, |value| value.to_string())
}

fn comment(text: &mut String, line: &str) {
    let _ = writeln!(text, "#{}{line}", if line.starts_with(' ') { "" } else { " " });
}

fn as_table(config: &Config) -> toml::Table {
    // A configuration is a struct of plain values; if it could not be written there would be nothing to show.
    toml::Table::try_from(config).unwrap_or_default()
}

fn value(table: &toml::Table, path: &str) -> Option<toml::Value> {
    match path.split_once('.') {
        None => table.get(path).cloned(),
        Some((section, rest)) => value(table.get(section)?.as_table()?, rest),
    }
}

impl Loaded {
    /// How many values were said somewhere.
    #[must_use]
    pub fn said(&self) -> usize {
        fields().filter(|field| *self.origin(&field.path()) != Origin::Default).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;

    const EXAMPLE: &str = include_str!("../../../../docs/sumun.example.toml");

    #[test]
    fn the_example_file_says_what_the_code_says() {
        if std::env::var_os("UPDATE_EXAMPLE").is_some() {
            std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/sumun.example.toml"), example())
                .unwrap();
        }
        assert!(
            EXAMPLE == example(),
            "run `UPDATE_EXAMPLE=1 cargo test -p sumun-cli` and look at the difference"
        );
    }

    #[test]
    fn the_example_taken_out_of_its_comments_is_the_default() {
        let live = |line: &str| match line.strip_prefix('#') {
            Some(setting) if !setting.starts_with(' ') && !line.contains("absent by default") => {
                setting.to_owned()
            }
            Some(_) => String::new(),
            None => line.to_owned(),
        };
        let text = EXAMPLE.lines().map(live).collect::<Vec<_>>().join("\n");
        let sources = Sources { file: Some(("sumun.toml".into(), text)), ..Sources::default() };
        let loaded = sources.load().unwrap();
        assert_eq!(loaded.config, Config::default());
        // Every key with a default stands there, none is only mentioned.
        assert_eq!(loaded.said(), explain(&loaded).iter().filter(|row| row.value.is_some()).count());
    }

    #[test]
    fn every_example_value_can_be_used() {
        for field in fields().filter(|field| field.example.is_some()) {
            let text = format!("{} = {}", field.path(), field.shown());
            let sources = Sources { file: Some(("sumun.toml".into(), text)), ..Sources::default() };
            assert!(sources.load().is_ok(), "{}", field.path());
        }
    }
}
