//! A real library in a process of its own, driven by one JSON line per operation (tests/clients).
//!
//! Passes on what the library did; never signs, retries or judges. A driver ends when its input closes.

use crate::waiting::PATIENCE;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;

/// The owner's registered address, and one that is not.
pub(crate) const REGISTERED: &str = "127.0.0.1";
pub(crate) const UNREGISTERED: &str = "127.0.0.2";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Library {
    Ccxt,
    CcxtAsync,
    CcxtPro,
    UpbitSdk,
    Pyupbit,
    /// No library: signs and bends requests by itself.
    Raw,
}

impl Library {
    fn script(self) -> &'static str {
        match self {
            Self::Ccxt | Self::CcxtAsync => "ccxt_driver.py",
            Self::CcxtPro => "ccxt_pro_driver.py",
            Self::UpbitSdk => "upbit_sdk_driver.py",
            Self::Pyupbit => "pyupbit_driver.py",
            Self::Raw => "raw_driver.py",
        }
    }

    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::CcxtAsync => &["--mode", "async"],
            _ => &[],
        }
    }
}

/// Python with the pinned libraries.
///
/// # Panics
/// It is not set up.
pub(crate) fn python() -> PathBuf {
    let binary = Path::new(env!("CARGO_BIN_EXE_sumun"));
    let target = binary.parent().and_then(Path::parent).unwrap();
    let python = target.join("clients/venv/bin/python");
    assert!(python.exists(), "`{}` is not there: run `cargo xtask setup`", python.display());
    python
}

/// The folder of the drivers.
pub(crate) fn drivers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/clients")
}

pub(crate) struct Driver {
    library: Library,
    child: Child,
    input: Option<ChildStdin>,
    lines: mpsc::Receiver<String>,
}

impl Driver {
    /// Starts it against a gate, with connections that leave from `from`. Returns before it is ready, so that several start
    /// side by side.
    pub(crate) fn at(library: Library, gate: SocketAddr, key: &str, secret: &str, from: &str) -> Self {
        let mut child = Command::new(python())
            .arg(drivers().join(library.script()))
            .args(library.arguments())
            .env("DRIVER_BASE_URL", format!("http://{gate}"))
            .env("DRIVER_ACCESS_KEY", key)
            .env("DRIVER_SECRET", secret)
            .env("DRIVER_SOURCE_ADDRESS", from)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (tell, lines) = mpsc::channel();
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
        Self { library, child, input, lines }
    }

    /// One operation, `{"op": …}`, and what came of it.
    ///
    /// # Panics
    /// The driver ended, does not answer, or was asked for what it does not have.
    pub(crate) fn ask(&mut self, operation: &Value) -> Answer {
        let library = self.library;
        writeln!(self.input.as_mut().unwrap(), "{operation}").unwrap();
        let line = self
            .lines
            .recv_timeout(PATIENCE)
            .unwrap_or_else(|error| panic!("{library:?} did not answer {operation}: {error}"));
        let value: Value = serde_json::from_str(&line).unwrap();
        let by_driver = value["exception"].as_str().is_some_and(|name| name.ends_with("DriverError"));
        assert!(!by_driver, "{library:?} was not asked properly: {operation} gave {value}");
        Answer { library, value }
    }

    /// Asks and demands that it went well.
    pub(crate) fn get(&mut self, operation: &Value) -> Value {
        self.ask(operation).result().clone()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.input.take());
        // Ended or not, nothing is left to do about it.
        let _ = self.child.wait();
    }
}

/// What the library did.
#[derive(Debug)]
pub(crate) struct Answer {
    library: Library,
    value: Value,
}

impl Answer {
    /// What the call returned.
    ///
    /// # Panics
    /// It raised, or (pyupbit) printed an exception or returned an error as if it were data.
    pub(crate) fn result(&self) -> &Value {
        assert!(self.is_ok(), "{:?} failed: {}", self.library, self.value);
        let result = &self.value["result"];
        if self.library == Library::Pyupbit { &result["returned"] } else { result }
    }

    pub(crate) fn is_ok(&self) -> bool {
        if self.library == Library::Pyupbit {
            let returned = &self.value["result"]["returned"];
            self.value["ok"] == true
                && !returned.is_null()
                && returned.get("error").is_none()
                && !is_flat_error(returned)
        } else {
            self.value["ok"] == true
        }
    }

    /// In the words of the table of refusals.
    pub(crate) fn outcome(&self) -> String {
        let raised = self.value["exception"].as_str().and_then(|name| name.rsplit('.').next());
        if self.library != Library::Pyupbit {
            return raised.unwrap_or("returns data").to_owned();
        }
        if let Some(raised) = raised {
            return format!("raises {raised}");
        }
        let returned = &self.value["result"]["returned"];
        if returned.is_null() {
            format!("prints {} and returns None", self.value["printed"].as_str().unwrap().trim())
        } else if returned.get("error").is_some() {
            "returns the error object".to_owned()
        } else if is_flat_error(returned) {
            "returns the flat object".to_owned()
        } else {
            "returns data".to_owned()
        }
    }

    /// Everything, for a message.
    pub(crate) fn shown(&self) -> String {
        format!("{:?}: {}", self.library, self.value)
    }
}

fn is_flat_error(returned: &Value) -> bool {
    returned.as_object().is_some_and(|members| {
        members.len() == 2 && members.contains_key("name") && members.contains_key("message")
    })
}

/// A buy far below the market, so that it rests: 50 000 won.
pub(crate) fn resting_order() -> Value {
    json!({"op": "order", "market": "KRW-BTC", "side": "buy", "price": "50000000", "quantity": "0.001"})
}

pub(crate) fn balance() -> Value {
    json!({"op": "balance"})
}

pub(crate) fn cancel(order: &Value) -> Value {
    json!({"op": "cancel", "id": identity(order)})
}

pub(crate) fn withdrawal(library: Library) -> Value {
    let mut operation =
        json!({"op": "withdraw", "asset": "BTC", "amount": "0.01", "address": "made-up-address-btc"});
    if library != Library::Pyupbit {
        operation["net_type"] = json!("BTC");
    }
    operation
}

/// The exchange's id of an order, whatever the library calls it.
pub(crate) fn identity(order: &Value) -> &str {
    order["uuid"].as_str().or_else(|| order["id"].as_str()).unwrap_or_else(|| panic!("no id in {order}"))
}
