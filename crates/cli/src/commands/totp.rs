//! `sumun totp`: the code an authenticator would show, for scripts and demonstrations.

use crate::exit::{BadInput, Failed};
use crate::{clock, output};
use std::path::{Path, PathBuf};
use totp_rs::{Builder, Secret, Totp};
use zeroize::Zeroizing;

const US_PER_S: i64 = 1_000_000;

/// Print the current one-time code of a second factor.
///
/// The file holds an `otpauth://` address, as `sumun users enrol` writes, or the secret in base32. A second factor that
/// lies beside the password is none: for scripts and demonstrations only.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  sumun totp alice.totp\n  sumun login alice --password-file pw --code \"$(sumun totp alice.totp)\""
)]
pub struct Arguments {
    /// File with the otpauth address or the base32 secret
    file: PathBuf,
    /// The code so many steps of 30 seconds from now: each is accepted once, and a server takes the next one too
    #[arg(long, value_name = "STEPS", default_value_t = 0)]
    ahead: u8,
}

/// Runs it.
///
/// # Errors
/// The file cannot be read or holds neither.
pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    let totp = read(&arguments.file)?;
    let seconds = u64::try_from(clock::now().as_micros() / US_PER_S).unwrap_or_default();
    output::text(&format!("{}\n", code(&totp, seconds, arguments.ahead)))
}

/// The code at that time, so many steps ahead.
fn code(totp: &Totp, seconds: u64, ahead: u8) -> String {
    let at = (0..ahead).fold(seconds, |at, _| totp.next_step(at));
    totp.generate(at).to_string()
}

/// The code now of an otpauth address just received.
///
/// # Errors
/// It is none.
pub(crate) fn code_now(address: &str) -> Result<String, Failed> {
    let totp = Totp::from_url(address)
        .map_err(|_| Failed("the server sent an address that no authenticator reads".to_owned()))?;
    Ok(code(&totp, u64::try_from(clock::now().as_micros() / US_PER_S).unwrap_or_default(), 0))
}

fn read(path: &Path) -> Result<Totp, BadInput> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map(Zeroizing::new)
        .map_err(|error| BadInput(format!("failed to read `{shown}`: {error}")))?;
    let neither =
        || BadInput(format!("`{shown}` holds neither an otpauth:// address nor a secret in base32"));
    let text = text.trim();
    if text.starts_with("otpauth://") {
        return Totp::from_url(text).map_err(|_| neither());
    }
    let secret = Secret::try_from_base32(text).map_err(|_| neither())?;
    Builder::new().with_secret(secret).with_account_name("sumun").build().map_err(|_| neither())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, SHA-1, cut to six digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("made-up.totp");
        std::fs::write(&path, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n").unwrap();
        let totp = read(&path).unwrap();
        for (seconds, expected) in [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924")] {
            assert_eq!(code(&totp, seconds, 0), expected);
            assert_eq!(code(&totp, seconds - 30, 1), expected);
        }
        std::fs::write(
            &path,
            "otpauth://totp/Sumun:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Sumun\n",
        )
        .unwrap();
        assert_eq!(code(&read(&path).unwrap(), 59, 0), "287082");
        std::fs::write(&path, "neither").unwrap();
        assert!(!read(&path).unwrap_err().to_string().contains(": neither"));
    }
}
