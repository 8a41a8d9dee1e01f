//! A venue of its own for a benchmark: made by `sumun init`, run by `sumun serve`, its owner signed in, his keys issued.
//!
//! The program is the benchmark's own, told by [`AS_COMMAND`] to be `sumun`: what is measured is what the benchmark was built
//! with, and nothing else need be built. A process ends when its [`House`] is dropped.

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use sumun_sim::assertion::{AssertionKey, Who, now_s};

/// Environment variable that makes the benchmark's program be `sumun`.
pub const AS_COMMAND: &str = "BENCH_IS_THE_COMMAND";
/// What holds a key upon one signal.
const POLICY: &str = include_str!("effect.toml");
/// A made-up password, long enough.
const PASSWORD: &str = "seven made-up otters";
/// Who asks, from where his profile is known.
const PROFILES: [&str; 2] = ["--profile-dir", "profiles"];

/// It at work.
#[derive(Debug)]
pub struct House {
    folder: PathBuf,
    child: Child,
    server: String,
    /// Where clients connect.
    pub gate: SocketAddr,
}

/// A key as its owner has it.
#[derive(Debug)]
pub struct OwnersKey {
    /// Its id.
    pub id: String,
    /// What he was shown once.
    pub secret: String,
}

impl House {
    /// Makes it in an empty folder, before this exchange, and opens it.
    ///
    /// # Errors
    /// What the program said.
    pub fn open(folder: &Path, exchange: SocketAddr) -> Result<Self> {
        let config = format!(
            "[gate]\nlisten = \"127.0.0.1:0\"\nupstream = \"http://{exchange}\"\n\
             [gate.rates]\ndefault_per_second = 0\norder_per_second = 0\n\
             [govern]\nlisten = \"127.0.0.1:0\"\npolicy_file = \"policy.toml\"\n\
             [seal]\nkey_file = \"kek.txt\"\n"
        );
        std::fs::write(folder.join("sumun.toml"), config)?;
        std::fs::write(folder.join("policy.toml"), POLICY)?;
        let init = ["init", "--admin", "alice@example.test", "--second", "bob@example.test", "--json"]
            .map(String::from);
        let made = json(&run(command(folder, &init)?, "")?)?;
        let vouches = AssertionKey::from_seed(&[7; 32]);
        edit_venue(folder, &vouches)?;

        let log = File::create(folder.join("serve.log"))?;
        let mut serve = command(folder, &["serve".to_owned()])?;
        let mut child = serve.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("its output")?).read_line(&mut line)?;
        let Ok(ready) = serde_json::from_str::<Value>(&line) else {
            bail!("`sumun serve` did not open:\n{}", std::fs::read_to_string(folder.join("serve.log"))?);
        };
        let at = |name: &str| Some(ready.get("ready")?.get(name)?.as_str()?.to_owned());
        let house = Self {
            folder: folder.to_owned(),
            child,
            server: format!("http://{}", at("govern").context("its address")?),
            gate: at("listen").context("its gate's address")?.parse()?,
        };
        house.people_come_in(&made, &vouches)?;
        Ok(house)
    }

    fn people_come_in(&self, made: &Value, vouches: &AssertionKey) -> Result<()> {
        let invites = made.get("invites").and_then(Value::as_array).context("no invites")?;
        for user in ["alice", "bob"] {
            let theirs = invites.iter().find(|invite| invite.get("user").is_some_and(|of| of == user));
            let invite = theirs.and_then(|invite| invite.get("invite")?.as_str()).context("no invite")?;
            let (password, totp) = (format!("{user}.password"), format!("{user}.totp"));
            OpenOptions::new()
                .create_new(true)
                .write(true)
                .mode(0o600)
                .open(self.folder.join(&password))?
                .write_all(PASSWORD.as_bytes())?;
            let enrol = ["users", "enrol", "--invite", invite, "--password-file", &password];
            let to = ["--totp-out", &totp, "--server", &self.server];
            self.run(&[&enrol[..], &to, &PROFILES].concat(), "")?;
        }
        for entered in [
            &["customers", "put", "C1", "--segment", "retail", "--country", "KR"][..],
            &["persons", "put", "P1", "--customer", "C1", "--role", "owner", "--name", "Made Up"],
            &["operators", "put", "O1", "--kind", "owner", "--customer", "C1"],
            &[
                "accounts",
                "put",
                "A1",
                "--customer",
                "C1",
                "--person",
                "P1",
                "--segment",
                "retail",
                "--owner",
                "O1",
            ],
        ] {
            self.run_as("alice", entered)?;
        }
        let owner = Who {
            customer: "C1".to_owned(),
            person: "P1".to_owned(),
            role: "owner".to_owned(),
            methods: vec!["totp".to_owned()],
        };
        let assertion = vouches.assert("mock", "example", &owner, now_s(), "made-up-1");
        let login = ["login", "--assertion", "-", "--as", "owner", "--server", &self.server];
        self.run(&[&login[..], &PROFILES].concat(), &assertion).map(drop)
    }

    /// A key that may read and trade from this machine.
    ///
    /// # Errors
    /// What the program said.
    pub fn key(&self) -> Result<OwnersKey> {
        let place = ["keys", "request", "--account", "A1", "--purpose", "own_bot", "--application", "bot"];
        let rights = ["--scopes", "read,trade", "--allow", "127.0.0.1/32"];
        let terms = ["--expires", "2027-06-01T00:00:00Z", "--terms", "1", "--json"];
        let asked = json(&self.run_as("owner", &[&place[..], &rights, &terms].concat())?)?;
        let id = asked.pointer("/result/key/key").and_then(Value::as_str).context("no key")?.to_owned();
        let issued = json(&self.run_as("owner", &["keys", "issue", &id, "--json"])?)?;
        let secret =
            issued.pointer("/result/secret").and_then(Value::as_str).context("no secret")?.to_owned();
        Ok(OwnersKey { id, secret })
    }

    /// Where its API is.
    ///
    /// # Errors
    /// It is no address.
    pub fn address(&self) -> Result<SocketAddr> {
        self.server.strip_prefix("http://").context("its address")?.parse().context("its address")
    }

    /// Bytes of it in memory.
    ///
    /// # Errors
    /// It is gone.
    pub fn resident(&self) -> Result<u64> {
        crate::machine::resident_bytes_of(self.child.id())
    }

    /// The token of somebody's session.
    ///
    /// # Errors
    /// Nobody of that name is signed in.
    pub fn token(&self, who: &str) -> Result<String> {
        let profile = std::fs::read_to_string(self.folder.join(format!("profiles/{who}.json")))?;
        let profile = json(&profile)?;
        Ok(profile.get("token").and_then(Value::as_str).context("no token")?.to_owned())
    }

    /// A token of the exchange's back end: alice makes it, bob agrees.
    ///
    /// # Errors
    /// What the program said.
    pub fn backend(&self) -> Result<String> {
        let make = ["tokens", "make", "--name", "back end", "--roles", "exchange_backend"];
        let until = ["--expires", "2027-03-01T00:00:00Z", "--json"];
        let made = json(&self.run_as("alice", &[&make[..], &until].concat())?)?;
        let text = |path: &str| made.pointer(path).and_then(Value::as_str).map(str::to_owned);
        let approval = text("/result/approval").context("no approval")?;
        self.run_as("bob", &["approvals", "grant", &approval, "--reason", "made up for a bench"])?;
        text("/result/secret").context("no secret")
    }

    fn run_as(&self, who: &str, arguments: &[&str]) -> Result<String> {
        self.run(&[arguments, &PROFILES, &["--as", who]].concat(), "")
    }

    fn run(&self, arguments: &[&str], stdin: &str) -> Result<String> {
        let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
        run(command(&self.folder, &arguments)?, stdin)
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// As many keys as one likes, without waiting for anybody; and an exchange that vouches.
fn edit_venue(folder: &Path, vouches: &AssertionKey) -> Result<()> {
    let path = folder.join("venue.toml");
    let mut venue = std::fs::read_to_string(&path)?;
    let key = format!("[exchange.assertion_keys]\n\"mock\" = \"{}\"\n", vouches.public());
    for (from, to) in [
        ("[exchange.assertion_keys]\n", key.as_str()),
        ("keys_per_account_max = 10\n", "keys_per_account_max = 1000\n"),
        ("approvals.trade = [{ role = \"analyst\", count = 1 }]\n", "approvals.trade = []\n"),
    ] {
        ensure!(venue.contains(from), "the example venue has no `{}` any more", from.trim_end());
        venue = venue.replacen(from, to, 1);
    }
    Ok(std::fs::write(path, venue)?)
}

fn command(folder: &Path, arguments: &[String]) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe().context("this program's own path")?);
    command.args(arguments).current_dir(folder).env_clear().env(AS_COMMAND, "1");
    Ok(command)
}

fn run(mut command: Command, stdin: &str) -> Result<String> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    child.stdin.take().context("its input")?.write_all(stdin.as_bytes())?;
    let ran = child.wait_with_output()?;
    ensure!(ran.status.success(), "`sumun` said: {}", String::from_utf8_lossy(&ran.stderr));
    Ok(String::from_utf8(ran.stdout)?)
}

fn json(text: &str) -> Result<Value> {
    serde_json::from_str(text).context("`sumun` printed no JSON")
}
