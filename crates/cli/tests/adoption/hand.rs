//! Who follows the plan: types its commands, fills in what the one before printed, keeps running what does not end.

use crate::plan::Step;
use crate::process::Process;
use crate::support::{Place, chmod};
use crate::waiting::until;
use std::collections::BTreeMap;
use std::process::Command;

/// The control plane's address before it was started, and the gate's: any that is free.
const ANY: &str = "127.0.0.1:0";
/// Where the plan has the control plane, the gate, and the exchange.
pub(crate) const PLANE: &str = "127.0.0.1:8070";
pub(crate) const GATE: &str = "127.0.0.1:8080";
pub(crate) const EXCHANGE: &str = "127.0.0.1:9000";
/// Where it has the exchange's API behind its own gateway, where that gateway asks, and where the gate answers it.
pub(crate) const API: &str = "127.0.0.1:9001";
pub(crate) const ASKING: &str = "127.0.0.1:8089";
pub(crate) const ASKED: &str = "127.0.0.1:9465";
/// Commands that go on.
const GO_ON: [(&str, &str); 3] = [
    ("sumun govern", "govern"),
    ("sumun tap --config tap.toml", "tap"),
    ("sumun gate --config gate/sumun.toml", "gate"),
];

pub(crate) struct Hand {
    pub(crate) place: Place,
    /// What the plan calls an address, and what it is here.
    addresses: BTreeMap<&'static str, String>,
    environment: BTreeMap<String, String>,
    running: BTreeMap<&'static str, Process>,
    /// All that was printed.
    printed: String,
    invites_used: usize,
}

impl Hand {
    pub(crate) fn new() -> Self {
        let addresses = BTreeMap::from([(PLANE, ANY.to_owned()), (GATE, ANY.to_owned())]);
        let environment = BTreeMap::from([("SUMUN_PROFILE_DIR".to_owned(), "profiles".to_owned())]);
        Self {
            place: Place::new(),
            addresses,
            environment,
            running: BTreeMap::new(),
            printed: String::new(),
            invites_used: 0,
        }
    }

    /// Says what the plan calls so.
    pub(crate) fn knows(&mut self, plan: &'static str, here: String) {
        self.addresses.insert(plan, here);
    }

    /// What the plan calls so.
    pub(crate) fn address(&self, plan: &'static str) -> String {
        self.addresses[plan].clone()
    }

    fn here(&self, text: &str) -> String {
        self.addresses.iter().fold(text.to_owned(), |text, (plan, here)| text.replace(plan, here))
    }

    /// Does a step; what a command printed.
    pub(crate) fn does(&mut self, step: &Step) -> String {
        match step {
            Step::File { name, text } => self.place.write(name, &self.here(text)),
            Step::AtEnd { name, text } => {
                let before = self.place.read(name);
                self.place.write(name, &format!("{before}\n{}", self.here(text)));
            }
            Step::Command(command) => return self.types(command),
        }
        String::new()
    }

    fn types(&mut self, written: &str) -> String {
        if let Some((_, name)) = GO_ON.iter().find(|(command, _)| *command == written) {
            self.goes_on(written, name);
            return String::new();
        }
        let command = self.filled_in(written);
        if let Some((name, _)) = command.strip_prefix("export ").and_then(|set| set.split_once('=')) {
            let value = self.shell(&format!("{command}\nprintf %s \"${name}\""));
            self.environment.insert(name.to_owned(), value);
            return String::new();
        }
        let out = self.shell(&command);
        eprintln!("$ {written}\n{out}");
        if written.starts_with("kill -KILL") {
            self.running.remove("govern").unwrap().ended();
        }
        self.printed.push_str(&out);
        if written.starts_with("sumun tokens make") {
            let token = self.last("sumun_tok_").unwrap();
            self.place.write_private("backend.token", &token);
        }
        out
    }

    fn command(&self, line: &str) -> Command {
        let folder = std::path::Path::new(env!("CARGO_BIN_EXE_sumun")).parent().unwrap();
        let mut shell = Command::new("sh");
        shell.args(["-c", line]).current_dir(self.place.path("")).env_clear().envs(&self.environment);
        // Where nginx is, for those who are not root.
        shell.env("PATH", format!("{}:{}:/usr/sbin", folder.display(), std::env::var("PATH").unwrap()));
        shell
    }

    /// Waits until this ends well.
    pub(crate) fn until_well(&self, line: &str) {
        until(&format!("`{line}` to end well"), || {
            let ran = self.command(line).stdin(std::process::Stdio::null()).output().unwrap();
            ran.status.success().then_some(())
        });
    }

    pub(crate) fn shell(&self, line: &str) -> String {
        let ran = self.command(line).stdin(std::process::Stdio::null()).output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        assert!(ran.status.success(), "$ {line}\n{out}{err}");
        out.into_owned()
    }

    /// Ids that the plan leaves to the command before.
    fn filled_in(&mut self, written: &str) -> String {
        let mut text = self.here(written);
        if text.contains("I…") {
            let invites = [self.words("sumun_inv_"), self.words("sumun_gin_")].concat();
            let invite =
                invites.get(self.invites_used).unwrap_or_else(|| panic!("no invite for `{written}`"));
            text = text.replacen("I…", invite, 1);
            self.invites_used += 1;
        }
        for (placeholder, prefix) in [("P…", "P"), ("E…", "E"), ("C…", "C"), ("N…", "entry ")] {
            if text.contains(placeholder) {
                let id = self
                    .last(prefix)
                    .unwrap_or_else(|| panic!("`{written}`: nothing printed a {placeholder}"));
                text = text.replace(placeholder, &id);
            }
        }
        text
    }

    /// An id that a later command is to be given, from elsewhere than what was printed.
    pub(crate) fn notes(&mut self, text: &str) {
        self.printed.push_str(&format!("\n{text}\n"));
    }

    fn words(&self, prefix: &str) -> Vec<String> {
        if prefix.ends_with(' ') {
            let noted =
                self.printed.lines().filter_map(|line| line.strip_prefix("noted ")?.strip_prefix(prefix));
            return noted.map(str::to_owned).collect();
        }
        let of_ids = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
        let words = self.printed.split(of_ids).filter(|word| {
            let rest = word.strip_prefix(prefix);
            let of_id = |b: u8| b.is_ascii_hexdigit() || (prefix.len() > 1 && b.is_ascii_alphanumeric());
            rest.is_some_and(|rest| rest.len() >= 16 && rest.bytes().all(of_id))
        });
        let mut words: Vec<String> = words.map(str::to_owned).collect();
        words.dedup();
        words
    }

    fn last(&self, prefix: &str) -> Option<String> {
        self.words(prefix).pop()
    }

    /// Starts what does not end, or starts it anew.
    fn goes_on(&mut self, written: &str, name: &'static str) {
        if let Some(before) = self.running.remove(name) {
            before.stop();
        }
        // Which address it tells, and the files that do not know it yet.
        let at: Option<(_, _, &[&str])> = match name {
            "govern" => Some((PLANE, "govern", &["sumun.toml", "tap.toml"])),
            "gate" => Some((GATE, "listen", &["gate/sumun.toml"])),
            _ => None,
        };
        let log = self.place.path(&format!("{name}.log"));
        let process = until("it to begin", || {
            // Somebody may have the address that it had before.
            let mut process = Process::start(&mut self.command(&format!("exec {written}")), log.clone());
            let Some((plan, member, files)) = at else { return Some(process) };
            let Some(ready) = process.ready() else {
                eprintln!("`{written}` ended: {}", process.said());
                return None;
            };
            let here = ready[member].as_str().unwrap().to_owned();
            for file in files {
                self.place.write(file, &self.place.read(file).replace(ANY, &here));
            }
            self.addresses.insert(plan, here);
            Some(process)
        });
        self.place.write(&format!("{name}.pid"), &process.pid().to_string());
        self.running.insert(name, process);
    }

    /// What a running one has said.
    pub(crate) fn said(&self, name: &str) -> String {
        self.running.get(name).map(Process::said).unwrap_or_default()
    }

    /// Stops what runs on.
    pub(crate) fn stops(&mut self, name: &str) {
        self.running.remove(name).unwrap().stop();
    }

    /// Everything ends in order, and nothing was an error.
    pub(crate) fn ends(&mut self) {
        for name in ["tap", "gate", "govern"] {
            if let Some(process) = self.running.remove(name) {
                process.stop();
            }
        }
    }

    /// A file that only its owner reads.
    pub(crate) fn private(&self, name: &str, text: &str) {
        self.place.write_private(name, text);
    }

    pub(crate) fn folder(&self, name: &str) {
        std::fs::create_dir_all(self.place.path(name)).unwrap();
        chmod(&self.place.path(name), 0o700);
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for name in ["govern", "tap", "gate"] {
                eprintln!("{name} said:\n{}", self.said(name));
            }
        }
    }
}
