//! Rules about one file's text: module docs first, length, unfinished code, white space, machine paths.

use std::path::Path;

/// Beyond this a file is a building, not a room.
const LINES_MAX: usize = 900;

/// Kinds of text in which a tab or a space at a line's end is a mistake. Rust is rustfmt's to judge: what it
/// leaves is inside a string, and meant. In Markdown a line break made of two spaces is invisible in a diff.
const SPACED: [&str; 6] = ["toml", "py", "sh", "md", "yml", "yaml"];

/// Folders of one machine that no file may name, in two halves so that this file does not name them either.
const MACHINE_PATHS: [(&str, &str); 2] = [("/wo", "rk/"), ("/ro", "ot/")];

/// Macros that mark unfinished code, in two halves for the same reason.
const UNFINISHED: [(&str, &str); 2] = [("to", "do!"), ("unimple", "mented!")];

/// Problems of one file, as `path:line: what`.
pub(super) fn problems(path: &Path, content: &str) -> Vec<String> {
    let extension = path.extension().and_then(|ext| ext.to_str()).unwrap_or_default();
    let mut problems = Vec::new();
    let mut say = |line: usize, what: String| problems.push(format!("{}:{line}: {what}", path.display()));

    if extension == "rs" && !content.starts_with("//!") {
        say(1, "does not open with `//!` docs saying what this is".to_owned());
    }
    let lines = content.lines().count();
    if extension == "rs" && lines > LINES_MAX {
        say(lines, format!("has {lines} lines, more than {LINES_MAX}: split it by idea"));
    }
    let spaced = SPACED.contains(&extension);
    if spaced && !content.is_empty() && !content.ends_with('\n') {
        say(lines, "does not end with a newline".to_owned());
    }
    for (index, line) in content.lines().enumerate() {
        let number = index + 1;
        if spaced && line.contains('\t') {
            say(number, "has a tab".to_owned());
        }
        // `lines` strips the newline but keeps a carriage return before it only when alone.
        if spaced && (line.ends_with(' ') || line.ends_with('\r')) {
            say(number, "ends in white space".to_owned());
        }
        for (first, second) in MACHINE_PATHS {
            if names_folder(line, &format!("{first}{second}")) {
                say(number, format!("names a folder of one machine, `{first}{second}`"));
            }
        }
        for (first, second) in UNFINISHED {
            let name = format!("{first}{second}");
            if extension == "rs" && is_called(line, &name) {
                say(number, format!("is unfinished: `{name}`"));
            }
        }
    }
    problems
}

/// An absolute path, not the middle of a longer one such as `frame/…` or a URL's.
fn names_folder(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        !line[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '}' | '>'))
    })
}

/// The macro outside a comment and not as the tail of another name.
fn is_called(line: &str, name: &str) -> bool {
    let code = line.split("//").next().unwrap_or(line);
    code.match_indices(name).any(|(at, _)| {
        let after = &code[at + name.len()..];
        after.starts_with(['(', '[', '{']) && !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str, content: &str) -> Vec<String> {
        problems(Path::new(path), content)
    }

    #[test]
    fn a_sound_file_passes() {
        assert_eq!(of("a.rs", "//! What it is.\n\nfn f() {}\n"), [""; 0]);
        assert_eq!(of("Makefile", "all:\n\tmake  \n"), [""; 0]);
    }

    #[test]
    fn a_file_without_docs_is_named() {
        assert_eq!(of("a.rs", "fn f() {}\n"), ["a.rs:1: does not open with `//!` docs saying what this is"]);
    }

    #[test]
    fn a_long_file_is_named() {
        let content = format!("//! Long.\n{}", "\n".repeat(LINES_MAX));
        assert_eq!(of("a.rs", &content), ["a.rs:901: has 901 lines, more than 900: split it by idea"]);
    }

    #[test]
    fn white_space_is_named_by_line() {
        assert_eq!(
            of("a.md", "one \ntwo\tthree\nfour"),
            ["a.md:3: does not end with a newline", "a.md:1: ends in white space", "a.md:2: has a tab"]
        );
        assert_eq!(of("data.json", "\t "), [""; 0]);
    }

    #[test]
    fn unfinished_code_is_named_outside_comments() {
        for (first, second) in UNFINISHED {
            let name = format!("{first}{second}");
            let found = of("a.rs", &format!("//! Docs.\nfn f() {{ {name}(\"x\") }}\n// {name}()\n"));
            assert_eq!(found, [format!("a.rs:2: is unfinished: `{name}`")]);
        }
    }

    #[test]
    fn machine_paths_are_named_and_longer_paths_are_not() {
        for (first, second) in MACHINE_PATHS {
            let folder = format!("{first}{second}");
            assert_eq!(of("a.md", &format!("in {folder}main\n")).len(), 1, "{folder}");
            assert_eq!(of("a.md", &format!("in frame{folder}main\n")), [""; 0], "{folder}");
        }
    }
}
