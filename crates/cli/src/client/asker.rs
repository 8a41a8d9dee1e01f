//! As whom a command asks, and how another command asks as the same: what a hint tells people to run must reach the same server as the
//! same person, whatever the environment holds.

use std::path::PathBuf;

/// As whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asker {
    /// Nobody: signing in, enrolling.
    Nobody,
    /// A machine, by the token in SUMUN_TOKEN.
    Machine,
    /// A signed-in profile.
    Profile(Named),
}

/// A profile as it was named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// The profile's name.
    pub(crate) name: String,
    /// Who is signed in by it: `user:bob`.
    pub(crate) principal: String,
    /// The server, if one was named.
    pub(crate) server: Option<String>,
    /// The folder of profiles, if one was named.
    pub(crate) folder: Option<PathBuf>,
}

impl Named {
    /// The flags by which another command asks as the same, behind a space.
    fn flags(&self) -> String {
        let server = self.server.iter().map(|server| format!(" --server {server}"));
        let folder = self.folder.iter().map(|folder| format!(" --profile-dir {}", folder.display()));
        std::iter::once(format!(" --as {}", self.name)).chain(server).chain(folder).collect()
    }

    /// Signing in anew so that the same command works again.
    fn login(&self, server: &str) -> String {
        let who = match self.principal.strip_prefix("user:") {
            Some(user) => user.to_owned(),
            // Customers' people bring what the exchange says of them.
            None => "--assertion FILE".to_owned(),
        };
        let named = Self { server: Some(server.to_owned()), ..self.clone() };
        format!("sumun login {who}{}", named.flags())
    }
}

impl Asker {
    /// What to run where a second factor is to be shown again.
    pub(crate) fn step_up(&self) -> Option<String> {
        match self {
            Self::Profile(named) => Some(format!("sumun step-up{}", named.flags())),
            Self::Machine | Self::Nobody => None,
        }
    }

    /// What to do where nobody is signed in at this server, or no longer.
    pub(crate) fn sign_in(&self, server: &str) -> String {
        match self {
            Self::Profile(named) => format!(
                "{} (a session also ends when nothing is asked for some minutes: `sumun login` says how many)",
                named.login(server)
            ),
            Self::Machine => {
                "the token in SUMUN_TOKEN was shown; `--as PROFILE` asks as a person instead".to_owned()
            }
            Self::Nobody => format!("sumun login USER --server {server}"),
        }
    }

    /// Who it was that may not do this.
    pub(crate) fn told(&self) -> Option<String> {
        match self {
            Self::Profile(named) => Some(format!("{} (profile {})", named.principal, named.name)),
            Self::Machine => {
                Some("a machine, by the token in SUMUN_TOKEN; `--as PROFILE` asks as a person".to_owned())
            }
            Self::Nobody => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_command_asks_as_the_same() {
        let bob = Named {
            name: "night".to_owned(),
            principal: "user:bob".to_owned(),
            server: None,
            folder: Some("/made/up".into()),
        };
        let asker = Asker::Profile(bob.clone());
        assert_eq!(asker.step_up().unwrap(), "sumun step-up --as night --profile-dir /made/up");
        let said = asker.sign_in("http://127.0.0.1:8070");
        assert!(
            said.starts_with(
                "sumun login bob --as night --server http://127.0.0.1:8070 --profile-dir /made/up ("
            ),
            "{said}"
        );
        assert_eq!(asker.told().unwrap(), "user:bob (profile night)");
        let owner = Named { principal: "customer:C1/P1".to_owned(), folder: None, ..bob };
        let said = Asker::Profile(owner).sign_in("http://127.0.0.1:8070");
        assert!(said.starts_with("sumun login --assertion FILE --as night --server"), "{said}");
    }

    #[test]
    fn a_machine_is_told_how_a_person_asks() {
        assert_eq!(Asker::Machine.step_up(), None);
        assert!(Asker::Machine.sign_in("http://127.0.0.1:8070").contains("--as PROFILE"));
        assert!(Asker::Machine.told().unwrap().contains("SUMUN_TOKEN"));
        assert_eq!(Asker::Nobody.told(), None);
    }
}
