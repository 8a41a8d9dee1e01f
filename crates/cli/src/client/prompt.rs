//! Secrets that a person types or a file holds: without echo on a terminal, the first line of a file otherwise.

use crate::exit::BadInput;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::path::Path;
use zeroize::Zeroizing;

/// Longest secret typed or read, in bytes.
const BYTES_MAX: u64 = 4096;

/// What stands in the file (`-` is standard input), else what is typed.
///
/// # Errors
/// The file cannot be read, or there is neither a file nor a terminal.
pub(crate) fn secret(what: &str, flag: &str, file: Option<&Path>) -> anyhow::Result<Zeroizing<String>> {
    match file {
        Some(path) if path == Path::new("-") => first_line(what, std::io::stdin().lock()),
        Some(path) => {
            let file = File::open(path)
                .map_err(|error| BadInput(format!("failed to read the {what} from `{}`: {error}", path.display())))?;
            first_line(what, file)
        }
        None if std::io::stdin().is_terminal() => typed(what),
        None => Err(BadInput(format!(
            "no {what}: there is no terminal to ask for it; name a file with `{flag} FILE`, or `{flag} -` for standard input"
        ))
        .into()),
    }
}

/// Whether somebody is there to be asked. Where standard error is kept in a file, nobody would see that something waits for him.
pub(crate) fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

fn first_line(what: &str, from: impl Read) -> anyhow::Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::with_capacity(BYTES_MAX as usize));
    BufReader::new(from.take(BYTES_MAX))
        .read_line(&mut line)
        .map_err(|error| BadInput(format!("failed to read the {what}: {error}")))?;
    let kept = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(kept);
    if line.is_empty() {
        return Err(BadInput(format!("the {what} is empty")).into());
    }
    Ok(line)
}

/// Asks on the terminal itself, so that standard output stays for what programs read.
fn typed(what: &str) -> anyhow::Result<Zeroizing<String>> {
    let mut terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
    write!(terminal, "{what}: ")?;
    terminal.flush()?;
    let quiet = Quiet::new(&terminal)?;
    let line = first_line(what, &terminal);
    drop(quiet);
    writeln!(terminal)?;
    line
}

/// A terminal that does not echo, until dropped.
struct Quiet<'a> {
    terminal: &'a File,
    before: Termios,
}

impl<'a> Quiet<'a> {
    fn new(terminal: &'a File) -> anyhow::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        tcsetattr(terminal, OptionalActions::Flush, &quiet)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        // If the terminal is gone there is nothing to give back.
        let _ = tcsetattr(self.terminal, OptionalActions::Flush, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_without_its_end() {
        assert_eq!(*first_line("password", &b"made up\r\nmore"[..]).unwrap(), "made up");
        assert_eq!(*first_line("password", &b" kept "[..]).unwrap(), " kept ");
        assert!(first_line("password", &b"\n"[..]).is_err());
    }
}
