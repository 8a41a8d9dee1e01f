//! `cargo xtask setup`: what the tests and the demo need beyond Rust, checked, and installed where that is ours
//! to do.
//!
//! Installs system packages only as root on a Debian-like system; elsewhere it prints what is missing and stops (for the
//! browser, which only tests need, it goes on). Python packages go into `target/clients/venv` and `target/node` only, from
//! whatever index pip's own settings name; the console's packages into `console/node_modules`; network data into
//! `artifacts/network-data`.

pub(crate) mod browser;
mod network_data;
pub(crate) mod node;
pub(crate) mod packages;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run;

/// Packages pinned for the client tests, from the root.
const REQUIREMENTS: &str = "tests/clients/requirements.txt";

/// Interpreters tried in order: the first on the path, then the system's own, which apt can complete.
const PYTHONS: [&str; 2] = ["python3", "/usr/bin/python3"];

/// Exits with success on an interpreter that can make a virtual environment and is new enough for the clients.
const PYTHON_PROBE: &str = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 9))";

/// Prints what identifies an interpreter: a virtual environment made by another one must be made anew.
const PYTHON_IDENTITY: &str =
    "import os, sys; print(os.path.realpath(sys.executable), sys.version.split()[0])";

/// The virtual environment, where the client tests look for it, from the root.
const VENV: &str = "target/clients/venv";

/// Debian's settings for new PostgreSQL servers, read when the package is installed.
const POSTGRES_SETTINGS: &str = "/etc/postgresql-common/createcluster.conf";

/// Checks everything; returns the virtual environment's interpreter.
pub(crate) fn run() -> Result<PathBuf> {
    run::heading("setup");
    compilers()?;
    postgres()?;
    nginx()?;
    curl()?;
    let python = python()?;
    node::bring(python)?;
    packages::bring()?;
    network_data::bring()?;
    browser::bring();
    clients(python)
}

/// Only what the console's sources are built and checked with.
pub(crate) fn console() -> Result<()> {
    node::bring(python()?)?;
    packages::bring()
}

/// An interpreter for what needs no packages: the first that works, else whatever `python3` is.
pub(crate) fn interpreter() -> &'static str {
    let works = |python: &&str| run::succeeds(Command::new(python).args(["-c", PYTHON_PROBE]));
    PYTHONS.into_iter().find(works).unwrap_or("python3")
}

/// Only the compilers, for what needs no Python.
pub(crate) fn compilers() -> Result<()> {
    let works = || {
        run::succeeds(Command::new("cc").arg("--version"))
            && run::succeeds(Command::new("c++").arg("--version"))
    };
    provide("a C and C++ compiler", &["build-essential"], works)?;
    // librdkafka is built by its own makefile; `build-essential` holds it, and a machine with another compiler may lack it.
    provide("make", &["make"], || run::succeeds(Command::new("make").arg("--version")))?;
    println!("setup: C and C++ compilers, make: present");
    Ok(())
}

/// PostgreSQL's programs, for tests that start a server of their own. Debian's package would also make and start a
/// server for the whole machine, which nobody asked for: that is switched off before it is installed.
fn postgres() -> Result<()> {
    if !has_postgres() && may_install() {
        let settings = Path::new(POSTGRES_SETTINGS);
        if !settings.exists() {
            let folder = settings.parent().context("the settings have a folder")?;
            std::fs::create_dir_all(folder)
                .with_context(|| format!("failed to create {}", folder.display()))?;
            std::fs::write(settings, "create_main_cluster = false\nstart_conf = 'manual'\n")
                .with_context(|| format!("failed to write {POSTGRES_SETTINGS}"))?;
        }
    }
    provide("PostgreSQL", &["postgresql"], has_postgres)?;
    println!("setup: PostgreSQL: present");
    Ok(())
}

/// Whether the programs are where `sumun-fixture` looks for them.
fn has_postgres() -> bool {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = debian.map(|version| version.path().join("bin")).chain(std::env::split_paths(&path));
    folders.any(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
}

/// nginx, for the tests that put it in front of a gate. The package would also start a server for the whole machine:
/// it is told that the machine is being brought up for one user, in which services do not start.
fn nginx() -> Result<()> {
    let works =
        || ["nginx", "/usr/sbin/nginx"].iter().any(|nginx| run::succeeds(Command::new(nginx).arg("-v")));
    provide("nginx", &["nginx"], works)?;
    println!("setup: nginx: present");
    Ok(())
}

/// curl, for commands of the documents that use it.
fn curl() -> Result<()> {
    provide("curl", &["curl"], || run::succeeds(Command::new("curl").arg("--version")))?;
    println!("setup: curl: present");
    Ok(())
}

/// An interpreter that can make virtual environments.
fn python() -> Result<&'static str> {
    let working =
        || PYTHONS.into_iter().find(|python| run::succeeds(Command::new(python).args(["-c", PYTHON_PROBE])));
    provide("Python 3.9 or newer with venv", &["python3", "python3-venv"], || working().is_some())?;
    let python = working().context("Python went away while it was looked at")?;
    println!("setup: Python with venv: {python}");
    Ok(python)
}

/// Makes `works` true with apt where we may, else says what to install.
fn provide(what: &str, packages: &[&str], works: impl Fn() -> bool) -> Result<()> {
    if works() {
        return Ok(());
    }
    let list = packages.join(" ");
    if !may_install() {
        bail!(
            "{what} is missing, and this command installs system packages only as root with apt-get. \
             Install it (Debian, Ubuntu: `sudo apt-get install {list}`), then run this again"
        );
    }
    println!("setup: {what} is missing");
    // An installation that fails with the lists at hand is tried once more with fresh ones.
    if install(packages).is_err() || !works() {
        run::step("setup: package lists", Command::new("apt-get").args(["update", "-qq"]))?;
        install(packages)?;
    }
    if !works() {
        bail!("{what} is still missing after installing {list}");
    }
    Ok(())
}

fn install(packages: &[&str]) -> Result<()> {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1");
    command.args(["install", "-y", "-qq", "--no-install-recommends"]).args(packages);
    run::step("setup: install", &mut command)
}

fn may_install() -> bool {
    let root = run::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    root && run::succeeds(Command::new("apt-get").arg("--version"))
}

/// The virtual environment with the pinned packages; does nothing when its stamp is current.
fn clients(python: &str) -> Result<PathBuf> {
    let venv = run::root().join(VENV);
    let interpreter = venv.join("bin/python");
    let wanted = std::fs::read_to_string(run::root().join(REQUIREMENTS))
        .with_context(|| format!("failed to read {REQUIREMENTS}, which pins the client packages"))?;
    let folder = venv.parent().context("the virtual environment has a folder")?;
    std::fs::create_dir_all(folder).with_context(|| format!("failed to create {}", folder.display()))?;

    // Two runs at once must not install into one another's environment. Released when dropped.
    let lock = File::create(folder.join("setup.lock")).context("failed to create the setup lock")?;
    lock.lock().context("failed to take the setup lock")?;

    let identity = run::output(Command::new(python).args(["-c", PYTHON_IDENTITY]))?;
    let stamp = Stamp { path: folder.join("setup.stamp"), text: format!("{identity}{wanted}") };
    let usable = run::succeeds(Command::new(&interpreter).args(["-c", "import pip, ssl"]));
    if usable && stamp.is_current() {
        println!("setup: client packages: current");
        return Ok(interpreter);
    }
    stamp.clear()?;
    if !usable || !made_by(&interpreter, &identity) {
        if venv.exists() {
            println!("setup: the virtual environment is broken or of another Python: making it anew");
            std::fs::remove_dir_all(&venv).with_context(|| format!("failed to remove {}", venv.display()))?;
        }
        let mut make = Command::new(python);
        make.current_dir(run::root()).args(["-m", "venv", VENV]);
        run::step("setup: virtual environment", &mut make)?;
    }
    let mut pip = Command::new(&interpreter);
    pip.current_dir(run::root());
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--requirement",
        REQUIREMENTS,
    ]);
    run::step("setup: client packages", &mut pip)?;
    stamp.write()?;
    Ok(interpreter)
}

/// Whether the environment's interpreter is the very one it would be made with now.
fn made_by(interpreter: &Path, identity: &str) -> bool {
    run::output(Command::new(interpreter).args(["-c", PYTHON_IDENTITY])).is_ok_and(|found| found == identity)
}

/// Says for what an environment or a folder was completed: interpreter and pinned packages, as text.
struct Stamp {
    path: PathBuf,
    text: String,
}

impl Stamp {
    fn is_current(&self) -> bool {
        std::fs::read_to_string(&self.path).is_ok_and(|text| text == self.text)
    }

    /// Before any change, so that an interrupted one is never taken for complete.
    fn clear(&self) -> Result<()> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("failed to remove {}", self.path.display()))
            }
            _ => Ok(()),
        }
    }

    fn write(&self) -> Result<()> {
        File::create(&self.path)
            .and_then(|mut file| file.write_all(self.text.as_bytes()))
            .with_context(|| format!("failed to write {}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_current_only_for_the_same_text() {
        let folder = tempfile::tempdir().unwrap();
        let stamp = |text: &str| Stamp { path: folder.path().join("stamp"), text: text.to_owned() };
        assert!(!stamp("one").is_current());
        stamp("one").write().unwrap();
        assert!(stamp("one").is_current());
        assert!(!stamp("two").is_current());
        stamp("two").clear().unwrap();
        assert!(!stamp("one").is_current());
        stamp("two").clear().unwrap();
    }
}
