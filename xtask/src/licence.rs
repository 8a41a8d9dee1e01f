//! Every package the build uses carries a licence we may ship under (ADR 0002).
//!
//! Reads SPDX expressions from package metadata; never guesses from files, never fetches a tool. A package
//! without an expression fails. `npm` does the same for the console's packages.

mod npm;

use std::process::ExitCode;

use anyhow::Result;

use crate::metadata::Metadata;
use crate::{console, run};

/// Permissive or weak per-file licences, all usable under Apache-2.0 distribution.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Zlib",
];

pub(crate) fn run() -> Result<ExitCode> {
    check(&Metadata::load()?)
}

/// Prints each package that fails.
pub(crate) fn check(metadata: &Metadata) -> Result<ExitCode> {
    let mut count = 0;
    let mut problems = Vec::new();
    for package in metadata.used() {
        count += 1;
        if let Err(problem) = judge(package.license.as_deref(), ALLOWED) {
            problems.push(format!("{} {}: {problem}", package.name, package.version));
        }
    }
    let (packages, more) = npm::check(&run::root().join(console::FOLDER))?;
    count += packages;
    problems.extend(more);
    for problem in &problems {
        eprintln!("licence: {problem}");
    }
    println!("licence: {count} packages, {} problems", problems.len());
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn judge(licence: Option<&str>, allowed: &[&str]) -> Result<(), String> {
    let text = licence.ok_or("states no licence expression")?;
    match permitted(text, allowed) {
        Ok(true) => Ok(()),
        Ok(false) => Err(format!("`{text}` is not on the list in xtask/src/licence.rs")),
        Err(why) => Err(format!("`{text}` cannot be read: {why}")),
    }
}

/// Whether the expression can be satisfied with allowed licences alone.
fn permitted(expression: &str, allowed: &[&str]) -> Result<bool, String> {
    // Before SPDX expressions were required, a slash meant OR.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let tokens: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Reader { tokens: &tokens, allowed };
    let verdict = reader.any_of()?;
    match reader.next() {
        None => Ok(verdict),
        Some(extra) => Err(format!("unexpected `{extra}`")),
    }
}

/// Recursive descent over `any_of := all_of (OR all_of)*`, `all_of := one (AND one)*`.
struct Reader<'a> {
    tokens: &'a [&'a str],
    allowed: &'a [&'a str],
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.tokens.first().is_some_and(|token| *token == word);
        if found {
            self.next();
        }
        found
    }

    fn any_of(&mut self) -> Result<bool, String> {
        let mut verdict = self.all_of()?;
        while self.take("OR") {
            verdict |= self.all_of()?;
        }
        Ok(verdict)
    }

    fn all_of(&mut self) -> Result<bool, String> {
        let mut verdict = self.one()?;
        while self.take("AND") {
            verdict &= self.one()?;
        }
        Ok(verdict)
    }

    fn one(&mut self) -> Result<bool, String> {
        let token = self.next().ok_or("ends too early")?;
        if token == "(" {
            let verdict = self.any_of()?;
            return if self.take(")") { Ok(verdict) } else { Err("a bracket is not closed".to_owned()) };
        }
        if matches!(token, ")" | "AND" | "OR" | "WITH") {
            return Err(format!("unexpected `{token}`"));
        }
        if self.take("WITH") {
            let exception = self.next().ok_or("WITH names no exception")?;
            return Ok(self.allowed.contains(&format!("{token} WITH {exception}").as_str()));
        }
        Ok(self.allowed.contains(&token))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_judged_by_their_operators() {
        for (expression, expected) in [
            ("MIT", true),
            ("MIT/Apache-2.0", true),
            ("GPL-3.0-only", false),
            ("GPL-3.0-only OR MIT", true),
            ("GPL-3.0-only AND MIT", false),
            ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
            ("(MIT OR Apache-2.0) AND NCSA", false),
            ("Apache-2.0 WITH LLVM-exception OR MIT", true),
            ("Apache-2.0 WITH Classpath-exception-2.0", false),
            // AND binds closer than OR.
            ("MIT OR MIT AND GPL-3.0-only", true),
            ("CC0-1.0", false),
        ] {
            assert_eq!(permitted(expression, ALLOWED), Ok(expected), "{expression}");
        }
    }

    #[test]
    fn broken_expressions_are_errors_not_guesses() {
        for expression in ["", "MIT OR", "(MIT", "MIT)", "MIT Apache-2.0", "OR", "MIT WITH", "AND MIT"] {
            assert!(permitted(expression, ALLOWED).is_err(), "{expression}");
        }
    }

    #[test]
    fn no_licence_is_a_problem() {
        assert!(judge(None, ALLOWED).is_err());
        assert!(judge(Some("MIT"), ALLOWED).is_ok());
        assert!(judge(Some("AGPL-3.0-only"), ALLOWED).is_err());
    }
}
