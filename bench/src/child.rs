//! What runs in a process of its own: servers under load, on a core of their own, and a table that is weighed.
//!
//! A child ends when its standard input does, so none outlives the benchmark, however that ends.

use crate::machine;
use anyhow::{Context, Result, ensure};
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// The parts of the benchmark that run as children.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Part {
    /// Measures a table of so many keys and prints its rows as JSON.
    #[command(hide = true)]
    Table {
        /// How many.
        keys: u64,
    },
    /// Serves 200.
    #[command(hide = true)]
    Bare {
        /// Bytes of the answer's body.
        answer_bytes: usize,
    },
    /// Serves the proxy without the gate.
    #[command(hide = true)]
    Forward {
        /// Where to.
        exchange: SocketAddr,
    },
    /// Serves the gate's role.
    #[command(hide = true)]
    Role {
        /// Its configuration.
        config: PathBuf,
    },
}

impl Part {
    /// Runs it in this process.
    ///
    /// # Errors
    /// What the part says.
    pub fn run(&self) -> Result<()> {
        match self {
            Self::Table { keys } => {
                println!("{}", serde_json::to_string(&crate::table::measure(*keys)?)?);
                Ok(())
            }
            Self::Bare { answer_bytes } => on_server_core(|| crate::http::servers::serve_bare(*answer_bytes)),
            Self::Forward { exchange } => on_server_core(|| crate::http::servers::serve_forward(*exchange)),
            Self::Role { config } => on_server_core(|| crate::http::role::serve(config)),
        }
    }

    fn arguments(&self) -> Vec<String> {
        match self {
            Self::Table { keys } => vec!["table".into(), keys.to_string()],
            Self::Bare { answer_bytes } => vec!["bare".into(), answer_bytes.to_string()],
            Self::Forward { exchange } => vec!["forward".into(), exchange.to_string()],
            Self::Role { config } => vec!["role".into(), config.display().to_string()],
        }
    }

    fn command(&self) -> Result<Command> {
        let mut command = Command::new(std::env::current_exe().context("this program's own path")?);
        command.args(self.arguments()).stdin(Stdio::piped()).stdout(Stdio::piped());
        Ok(command)
    }

    /// Runs it as a child to its end and returns what it printed.
    ///
    /// # Errors
    /// It failed.
    pub fn output(&self) -> Result<String> {
        let mut child = self.command()?.spawn()?;
        let mut text = String::new();
        child.stdout.take().context("the child's output")?.read_to_string(&mut text)?;
        ensure!(child.wait()?.success(), "a part of the benchmark failed; see above");
        Ok(text)
    }

    /// Starts it as a child and waits until it serves.
    ///
    /// # Errors
    /// It did not come up.
    pub fn serve(&self) -> Result<Server> {
        let mut child = self.command()?.spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("the child's output")?).read_line(&mut line)?;
        let ready: serde_json::Value =
            serde_json::from_str(&line).context("a server of the benchmark did not come up; see above")?;
        let address = |name: &str| ready.get("ready")?.get(name)?.as_str()?.parse().ok();
        let listen = address("listen").context("the server's address")?;
        Ok(Server { listen, decide: address("decide"), child })
    }
}

/// A server under load; ends when dropped.
#[derive(Debug)]
pub struct Server {
    /// Where it serves.
    pub listen: SocketAddr,
    /// Where it decides, if it does.
    pub decide: Option<SocketAddr>,
    child: Child,
}

impl Server {
    /// Nanoseconds its threads have run so far.
    ///
    /// # Errors
    /// `/proc` cannot be read.
    pub fn busy_ns(&self) -> Result<u64> {
        machine::busy_ns(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Servers share the first core, one of them under load at a time; the load has the last one.
fn on_server_core(serve: impl FnOnce() -> Result<()>) -> Result<()> {
    let cores = machine::cores()?;
    if let [first, _, ..] = cores.as_slice() {
        machine::bind_to(*first)?;
    }
    std::thread::spawn(|| {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        std::process::exit(0);
    });
    serve()
}
