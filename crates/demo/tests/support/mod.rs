//! A demo of the built program, started as anybody would start it, and asked over REST.
#![allow(dead_code, reason = "each test file uses what it needs")]

use serde_json::{Value, json};
use std::cell::RefCell;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use totp_rs::{Builder, Secret};

/// Between two looks.
const LOOK: Duration = Duration::from_millis(250);

/// A running demo.
pub(crate) struct Demo {
    child: Child,
    folder: tempfile::TempDir,
    pub(crate) said: Value,
    agent: ureq::Agent,
    token: RefCell<String>,
}

/// A program beside the one under test.
fn beside(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_BIN_EXE_sumun-demo")).with_file_name(name);
    assert!(path.exists(), "{} is not built: cargo build --bin {name}", path.display());
    path
}

impl Demo {
    /// Starts one on free ports; returns once it stands.
    pub(crate) fn start(more: &[&str]) -> Self {
        let mut demo = Self::begin(more);
        let mut line = String::new();
        BufReader::new(demo.child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        if line.is_empty() {
            panic!("the demo did not start: {}", demo.ended().1);
        }
        demo.said = serde_json::from_str(&line).unwrap();
        demo
    }

    /// Starts one on free ports, and does not wait.
    pub(crate) fn begin(more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_sumun-demo"));
        command
            .arg("--json")
            .args(["--ports-from", "0", "--folder"])
            .arg(folder.path().join("demo"))
            .args(more);
        command.arg("--sumun").arg(beside("sumun")).arg("--mock-exchange").arg(beside("mock-exchange"));
        let child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let token = RefCell::default();
        Self { child, folder, said: Value::Null, agent, token }
    }

    /// Where REST is, by address: not every resolver knows `*.localhost`.
    fn rest(&self, path: &str) -> String {
        let console = self.said["console"].as_str().unwrap();
        format!("http://127.0.0.1:{}{path}", console.rsplit(':').next().unwrap())
    }

    fn sign_in(&self) {
        let sora = &self.said["people"]["sora"];
        let secret = Secret::try_from_base32(sora["totp_secret"].as_str().unwrap()).unwrap();
        let totp = Builder::new().with_secret(secret).with_account_name("demo").build().unwrap();
        // A code works once, and the demo itself has used one: the next is taken early, else we wait for another.
        for ahead in [30, 30, 30, 30] {
            let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + ahead;
            let body = json!({ "user": "sora", "password": sora["password"], "totp": totp.generate(at).to_string() });
            let request =
                self.agent.post(self.rest("/v1/sessions")).header("Content-Type", "application/json");
            let mut answer =
                request.header("Idempotency-Key", format!("sign-in-{at}")).send(body.to_string()).unwrap();
            let told: Value = serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
            if let Some(token) = told["token"].as_str() {
                *self.token.borrow_mut() = token.to_owned();
                return;
            }
            sleep(Duration::from_secs(31));
        }
        panic!("sora cannot sign in");
    }

    /// Every item of a list, as sora.
    pub(crate) fn all(&self, path: &str) -> Vec<Value> {
        if self.token.borrow().is_empty() {
            self.sign_in();
        }
        let (mut items, mut after) = (Vec::new(), String::new());
        loop {
            let url = self.rest(&format!("{path}?limit=200{after}"));
            let bearer = format!("Bearer {}", self.token.borrow());
            let mut answer = self.agent.get(url).header("Authorization", bearer).call().unwrap();
            let text = answer.body_mut().read_to_string().unwrap();
            let page: Value = serde_json::from_str(&text).unwrap();
            items
                .extend(page["items"].as_array().unwrap_or_else(|| panic!("{path}: {text}")).iter().cloned());
            match &page["next"] {
                Value::String(next) => after = format!("&after={next}"),
                Value::Number(next) => after = format!("&after={next}"),
                _ => return items,
            }
        }
    }

    /// A page of the desk: its status and text.
    pub(crate) fn desk(&self, path: &str) -> (u16, String) {
        let url = format!("{}{path}", self.said["desk"].as_str().unwrap());
        let mut answer = self.agent.get(url).call().unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: &str) {
        send(signal, self.child.id());
    }

    /// The process of one of its servers: `serve` or `exchange`.
    pub(crate) fn server(&self, name: &str) -> u32 {
        u32::try_from(self.said["pids"][name].as_u64().unwrap()).unwrap()
    }

    /// Waits until it has ended, and until nothing that it started is left; how it ended, and its last words.
    pub(crate) fn ended(&mut self) -> (ExitStatus, String) {
        let status = self.child.wait().unwrap();
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        // Whoever is killed leaves it to the guards, which give the servers ten seconds.
        for _ in 0..120 {
            if self.left().is_empty() {
                return (status, said);
            }
            sleep(LOOK);
        }
        panic!("left behind: {:?}", self.left());
    }

    /// Processes that work in its folder.
    pub(crate) fn left(&self) -> Vec<String> {
        let folder = self.folder.path();
        let all = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
        let here = all.filter(|entry| {
            std::fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder))
        });
        here.map(|entry| {
            let command = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            format!(
                "{}: {}",
                entry.file_name().display(),
                String::from_utf8_lossy(&command).replace('\0', " ")
            )
        })
        .collect()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.signal("TERM");
            self.child.wait().ok();
        }
    }
}

/// Sends a process a signal.
pub(crate) fn send(signal: &str, process: u32) {
    let status = Command::new("kill").args([format!("-{signal}"), process.to_string()]).status().unwrap();
    assert!(status.success());
}
