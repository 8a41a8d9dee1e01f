//! Profiles: who is signed in where. One file each, readable by its owner only, in `$XDG_CONFIG_HOME/sumun`.
//!
//! A profile holds a session's token and the server that gave it; a token is never shown to another server.

use crate::atomic_file;
use crate::exit::{BadInput, Failed};
use serde::{Deserialize, Serialize};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The file that names the profile used when none is named.
const CURRENT: &str = "current";
/// Longest name of a profile, in bytes: a file's name, with room for what stands behind it.
const NAME_BYTES_MAX: usize = 128;

/// Who is signed in where.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    /// The server that gave the token.
    pub(crate) server: String,
    /// Who.
    pub(crate) principal: String,
    /// The session's token.
    pub(crate) token: Zeroizing<String>,
    /// When it ends, if the server said.
    pub(crate) expires: Option<String>,
}

/// The folder of profiles.
#[derive(Clone, Debug)]
pub(crate) struct Profiles {
    folder: PathBuf,
}

impl Profiles {
    /// The folder named, or the one of this user.
    ///
    /// # Errors
    /// None was named, and the environment does not say where this user's is.
    pub(crate) fn at(named: Option<&Path>) -> Result<Self, BadInput> {
        let of_user = || {
            let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
            let configuration =
                set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")));
            configuration.map(|folder| folder.join("sumun"))
        };
        let folder = named.map(Path::to_owned).or_else(of_user).ok_or_else(|| {
            BadInput(
                "neither XDG_CONFIG_HOME nor HOME is set: name a folder for profiles with `--profile-dir`"
                    .to_owned(),
            )
        })?;
        Ok(Self { folder })
    }

    /// The profile of this name, or the one last signed in. None: nobody is.
    ///
    /// # Errors
    /// A profile was named that is not there, or others can read it, or it is none.
    pub(crate) fn load(&self, named: Option<&str>) -> anyhow::Result<Option<(String, Profile)>> {
        let name = match named {
            Some(name) => name.to_owned(),
            None => match std::fs::read_to_string(self.folder.join(CURRENT)) {
                Ok(name) => name.trim().to_owned(),
                Err(_) => return Ok(None),
            },
        };
        let path = self.path(&name)?;
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => return Ok(None),
            Err(error) => {
                return Err(BadInput(format!(
                    "profile `{name}` cannot be read from `{}`: {error}; sign in with `sumun login {name}`",
                    path.display()
                ))
                .into());
            }
        };
        let mode = std::fs::metadata(&path).map(|file| file.mode() & 0o777).unwrap_or_default();
        if mode & 0o077 != 0 {
            return Err(BadInput(format!(
                "`{}` holds a session and has mode {mode:03o}: others can get at it; run `chmod 600 {}` and sign in anew",
                path.display(),
                path.display()
            ))
            .into());
        }
        let profile = serde_json::from_str(&text).map_err(|_| {
            BadInput(format!("`{}` is not a profile; sign in with `sumun login {name}`", path.display()))
        })?;
        Ok(Some((name, profile)))
    }

    /// Keeps it and makes it the one used when none is named.
    ///
    /// # Errors
    /// The name cannot be a file's, or nothing can be written.
    pub(crate) fn keep(&self, name: &str, profile: &Profile) -> anyhow::Result<()> {
        let path = self.path(name)?;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder).map_err(|error| {
            Failed(format!(
                "failed to make `{}`: {error}; name another with `--profile-dir`",
                self.folder.display()
            ))
        })?;
        let text = Zeroizing::new(serde_json::to_string(profile)?);
        // A file that others could read keeps its mode when replaced, so it goes first.
        let _ = std::fs::remove_file(&path);
        atomic_file::replace(&path, text.as_bytes())?.warned();
        atomic_file::replace(&self.folder.join(CURRENT), name.as_bytes())?.warned();
        Ok(())
    }

    /// Forgets it.
    ///
    /// # Errors
    /// It cannot be removed.
    pub(crate) fn forget(&self, name: &str) -> anyhow::Result<()> {
        let path = self.path(name)?;
        if let Err(error) = std::fs::remove_file(&path)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            return Err(Failed(format!("failed to remove `{}`: {error}", path.display())).into());
        }
        let current = self.folder.join(CURRENT);
        if std::fs::read_to_string(&current).is_ok_and(|current| current.trim() == name) {
            let _ = std::fs::remove_file(current);
        }
        Ok(())
    }

    fn path(&self, name: &str) -> Result<PathBuf, BadInput> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.@+".contains(c);
        if name.is_empty() || name.len() > NAME_BYTES_MAX || name.starts_with('.') || !name.chars().all(plain)
        {
            return Err(BadInput(format!(
                "`{}` cannot name a profile: letters, digits and `-_.@+`, at most {NAME_BYTES_MAX}",
                name.chars().take(NAME_BYTES_MAX).collect::<String>()
            )));
        }
        Ok(self.folder.join(format!("{name}.json")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile() -> Profile {
        Profile {
            server: "http://127.0.0.1:8070".to_owned(),
            principal: "user:alice@example.test".to_owned(),
            token: Zeroizing::new("made-up".to_owned()),
            expires: None,
        }
    }

    #[test]
    fn the_last_one_signed_in_is_used_until_he_signs_out() {
        let folder = tempfile::tempdir().unwrap();
        let profiles = Profiles::at(Some(&folder.path().join("sumun"))).unwrap();
        assert!(profiles.load(None).unwrap().is_none());
        profiles.keep("alice@example.test", &profile()).unwrap();
        profiles.keep("bob@example.test", &profile()).unwrap();
        assert_eq!(profiles.load(None).unwrap().unwrap().0, "bob@example.test");
        assert!(profiles.load(Some("alice@example.test")).unwrap().is_some());
        profiles.forget("bob@example.test").unwrap();
        assert!(profiles.load(None).unwrap().is_none());
        assert!(profiles.load(Some("bob@example.test")).is_err());
    }

    #[test]
    fn a_profile_is_its_owners_only() {
        let folder = tempfile::tempdir().unwrap();
        let profiles = Profiles::at(Some(folder.path())).unwrap();
        profiles.keep("alice", &profile()).unwrap();
        let path = folder.path().join("alice.json");
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        let Err(said) = profiles.load(Some("alice")) else { panic!("it was read") };
        assert!(said.to_string().contains("chmod 600") && !said.to_string().contains("made-up"), "{said}");
        profiles.keep("alice", &profile()).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let profiles = Profiles::at(Some(folder.path())).unwrap();
        for name in ["", ".", "..", "../alice", "a/b", ".hidden", &"a".repeat(NAME_BYTES_MAX + 1)] {
            assert!(profiles.keep(name, &profile()).is_err(), "{name}");
        }
    }
}
