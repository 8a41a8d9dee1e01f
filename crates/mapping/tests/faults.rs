//! Faulty mapping files: each fault says file, line, what, and what to do.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may panic, and their names say what they are"
)]

use sumun_mapping::Mapping;

const GOOD: &str = r#"[mapping]
format = 1
name = "m"
title = { ko = "예", en = "An example" }
[source]
kind = "json"
[[line]]
type = "access"
[line.fields]
id = { field = "id" }
ts = { field = "at", time = "ms" }
"#;

fn fault(text: &str) -> String {
    match Mapping::parse("m.toml", text, &mut |_| None) {
        Ok(_) => panic!("no fault in\n{text}"),
        Err(error) => error.to_string().lines().skip(1).map(str::trim).collect::<Vec<_>>().join("\n"),
    }
}

#[test]
fn each_fault_says_where_and_what_to_do() {
    assert!(Mapping::parse("m.toml", GOOD, &mut |_| None).is_ok());
    let with = |line: &str| format!("{GOOD}{line}\n");
    let instead = |from: &str, to: &str| GOOD.replace(from, to);
    let faults = [
        fault("nonsense"),
        fault(&instead("format = 1", "format = 2")),
        fault(&instead("name = \"m\"", "name = \"My Map\"")),
        fault(&instead("kind = \"json\"", "kind = \"json\"\ndelimeter = \";\"")),
        fault(&instead("kind = \"json\"", "kind = \"json\"\ndelimiter = \";\"")),
        fault(&instead("kind = \"json\"", "kind = \"text\"")),
        fault(&instead("kind = \"json\"", "kind = \"text\"\npattern = \"$id $when\"")),
        fault(&instead("kind = \"json\"", "kind = \"csv\"\nquote = \"''\"")),
        fault(&instead("kind = \"json\"", "kind = \"json\"\nline_bytes_max = 1")),
        fault(&instead("[source]", "uses = \"upbitt\"\n[source]")),
        fault(&instead("type = \"access\"", "type = \"acces\"")),
        fault(&instead("id = { field = \"id\" }\n", "")),
        fault(&instead(", time = \"ms\"", "")),
        fault(&instead("time = \"ms\"", "time = \"iso\"")),
        fault(&instead("time = \"ms\"", "time = \"%Y-%m-%d %H:%M:%S\"")),
        fault(&with("agnet = { field = \"ua\" }")),
        fault(&with("agent = { feild = \"ua\" }")),
        fault(&with("agent = { field = \"ua\", const = \"x\" }")),
        fault(&with("agent = { cut = 3 }")),
        fault(&with("agent = { field = \"ua\", time = \"ms\" }")),
        fault(&with("agent = { field = \"ua\", times = 3 }")),
        fault(&with("agent = { field = \"ua\", other = \"keep\" }")),
        fault(&with("agent = { field = \"ua\", or = { field = \"b\", zone = \"KST\" } }")),
        fault(&with("route = { request = \"route\" }")),
        fault(&with("status = { const = 1.5 }")),
        fault(&instead("type = \"access\"", "type = \"access\"\nneeds = [\"key\"]")),
        fault(&instead("type = \"access\"", "type = \"access\"\nwhen = [{ field = \"a\" }]")),
        fault(&with("[request]\nmethod = { field = \"m\" }")),
    ];
    insta::assert_snapshot!(faults.join("\n"));
}
