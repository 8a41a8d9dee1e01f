//! The document as whoever follows it reads it: files to write and commands to run, week by week. Never what is between them.

/// What is to be done, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// This file is written.
    File { name: String, text: String },
    /// This is put at the end of a file.
    AtEnd { name: String, text: String },
    /// This is run.
    Command(String),
}

/// The steps of each week, the first at 0.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) weeks: Vec<Vec<Step>>,
}

impl Plan {
    pub(crate) fn read(text: &str) -> Self {
        let (mut weeks, mut lines) = (Vec::new(), text.lines());
        while let Some(line) = lines.next() {
            if is_week(line) {
                weeks.push(Vec::new());
            }
            let Some(language) = line.strip_prefix("```").filter(|language| !language.is_empty()) else {
                continue;
            };
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            let Some(steps) = weeks.last_mut() else { panic!("a block before the first week: {block:?}") };
            match language {
                "console" => steps.extend(block.iter().map(|line| {
                    Step::Command(line.strip_prefix("$ ").unwrap_or_else(|| panic!("{line}")).to_owned())
                })),
                "toml" | "nginx" => steps.push(file(&block)),
                "text" => {}
                other => panic!("a block of `{other}` is neither a file nor commands"),
            }
        }
        assert_eq!(weeks.len(), 8);
        Self { weeks }
    }

    /// The first command that is so.
    pub(crate) fn command(&self, is: impl Fn(&str) -> bool) -> &str {
        let commands = self.weeks.iter().flatten().filter_map(|step| match step {
            Step::Command(command) => Some(command.as_str()),
            _ => None,
        });
        commands.into_iter().find(|command| is(command)).unwrap()
    }
}

fn is_week(line: &str) -> bool {
    let Some(heading) = line.strip_prefix("## ") else { return false };
    heading.starts_with("Week ")
        || heading.split('주').next().is_some_and(|n| n.len() == 1 && n.parse::<u8>().is_ok())
}

/// A block whose first line names its file.
fn file(block: &[&str]) -> Step {
    let name = block[0].strip_prefix("# ").unwrap_or_else(|| panic!("no name: {block:?}"));
    let text = block[1..].join("\n") + "\n";
    match name.strip_suffix(", at its end") {
        Some(name) => Step::AtEnd { name: name.to_owned(), text },
        None => Step::File { name: name.to_owned(), text },
    }
}
