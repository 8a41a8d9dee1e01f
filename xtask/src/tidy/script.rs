//! Rules about the console's files that its own tools do not know: no way around the content security policy or the types, nobody's
//! registry in the lock file, files that stay readable.

use std::path::Path;

/// Beyond this a file of the console wants to be two. A warning: a table of words is long and still one idea.
const LINES_WANTED: usize = 300;

/// What no source of the console may hold, and why not.
const FORBIDDEN: [(&str, &str); 9] = [
    ("dangerouslySetInnerHTML", "puts text in as a document"),
    (".innerHTML", "puts text in as a document"),
    (".outerHTML", "puts text in as a document"),
    ("insertAdjacentHTML", "puts text in as a document"),
    ("document.write(", "puts text in as a document"),
    ("eval(", "runs text, which the content security policy forbids"),
    ("new Function(", "runs text, which the content security policy forbids"),
    ("@ts-ignore", "hides what the types say"),
    ("@ts-nocheck", "hides what the types say"),
];

fn is_source(path: &Path) -> bool {
    let extension = path.extension().and_then(|ext| ext.to_str()).unwrap_or_default();
    path.starts_with("console") && matches!(extension, "ts" | "tsx" | "mjs" | "html" | "css")
}

/// Problems of one file, as `path:line: what`.
pub(super) fn problems(path: &Path, content: &str) -> Vec<String> {
    let lock = path.file_name().is_some_and(|name| name == "package-lock.json");
    let mut problems = Vec::new();
    for (index, line) in content.lines().enumerate() {
        let mut say = |what: String| problems.push(format!("{}:{}: {what}", path.display(), index + 1));
        if lock && line.trim_start().starts_with("\"resolved\"") {
            say("names a registry: console/.npmrc keeps `resolved` out of the lock file".to_owned());
        }
        // What tests place in fields to see that it never runs is theirs to hold.
        if !is_source(path) || path.starts_with("console/e2e") {
            continue;
        }
        for (word, why) in FORBIDDEN {
            if holds(line, word) {
                say(format!("`{word}` {why}"));
            }
        }
    }
    problems
}

/// The word, not as the tail of another one such as `retrieval(`.
fn holds(line: &str, word: &str) -> bool {
    line.match_indices(word)
        .any(|(at, _)| word.starts_with(['.', '@']) || !line[..at].ends_with(char::is_alphanumeric))
}

/// What is said and does not fail.
pub(super) fn warnings(path: &Path, content: &str) -> Vec<String> {
    let lines = content.lines().count();
    let counted = is_source(path) && !path.ends_with("api/schema.d.ts");
    if counted && lines > LINES_WANTED {
        return vec![format!(
            "{}: has {lines} lines, more than {LINES_WANTED}: split it by idea",
            path.display()
        )];
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str, content: &str) -> Vec<String> {
        problems(Path::new(path), content)
    }

    #[test]
    fn ways_around_the_policy_and_the_types_are_named() {
        assert_eq!(
            of("console/src/a.tsx", "<p dangerouslySetInnerHTML={x} />\nretrieval(x);\neval(x);\n"),
            [
                "console/src/a.tsx:1: `dangerouslySetInnerHTML` puts text in as a document",
                "console/src/a.tsx:3: `eval(` runs text, which the content security policy forbids",
            ]
        );
        assert_eq!(of("console/e2e/a.ts", "eval(x)\n"), [""; 0]);
        assert_eq!(of("crates/a.md", "eval(x)\n"), [""; 0]);
    }

    #[test]
    fn a_registry_in_the_lock_file_is_named() {
        let found = of("console/package-lock.json", "{\n  \"resolved\": \"x\"\n}\n");
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("console/package-lock.json:2: names a registry"), "{found:?}");
    }

    #[test]
    fn a_long_source_is_warned_of() {
        assert_eq!(warnings(Path::new("console/src/a.ts"), &"\n".repeat(LINES_WANTED)), [""; 0]);
        assert_eq!(warnings(Path::new("console/src/a.ts"), &"\n".repeat(LINES_WANTED + 1)).len(), 1);
        assert_eq!(warnings(Path::new("crates/a.rs"), &"\n".repeat(LINES_WANTED + 1)), [""; 0]);
    }
}
