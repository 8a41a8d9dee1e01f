//! Whether a log says that another policy was in force than the one that is used: a look back must not pass for what was decided then.
//!
//! Never here: getting that policy; see [`crate::roles::detect`], where detection runs by what the log names.

use super::Setup;
use crate::roles::events::state::SOURCE;
use sumun_detect::Input;
use sumun_model::wire::Line;

/// Looks at lines on their way to the engine, and says once what it sees.
pub struct PolicyInLog {
    name: String,
    digest: String,
    said: bool,
}

impl PolicyInLog {
    /// Beside the policy that is used.
    #[must_use]
    pub fn beside(setup: &Setup) -> Self {
        Self { name: setup.policy.name(), digest: hex::encode(setup.policy_digest), said: false }
    }

    /// Says on stderr which policy was in force, at the first line that names another one.
    pub fn look(&mut self, lines: &[Input]) {
        if self.said {
            return;
        }
        if let Some(told) = lines.iter().find_map(|input| self.other(input)) {
            self.said = true;
            crate::logging::say(&told);
        }
    }

    fn other(&self, input: &Input) -> Option<String> {
        let Line::Tick(tick) = &input.line else { return None };
        tick.source.as_ref().filter(|source| source.as_str() == SOURCE)?;
        let ext = tick.ext.as_ref()?;
        let (policy, digest) = (ext.get("policy")?.as_str()?, ext.get("digest")?.as_str()?);
        // A log is to be trusted neither with the terminal nor with what is copied from it into a shell.
        let plain = |text: &str, most: usize| -> String {
            text.chars().filter(|c| c.is_ascii_alphanumeric() || "@._-".contains(*c)).take(most).collect()
        };
        let (policy, shown) = (plain(policy, 128), |digest: &str| plain(digest, 12));
        (digest != self.digest).then(|| {
            format!(
                "attention: the log says in line {} that policy {policy} (digest {}) is in force from there; this run uses {} (digest {}).\n  \
                 For what was decided then: sumun policies show {policy} --text > FILE, and name it with --policy FILE --as-in-force\n",
                input.position,
                shown(digest),
                self.name,
                shown(&self.digest)
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sumun_model::wire::{Origin, parse_line};

    #[test]
    fn only_another_policy_is_told() {
        let setup = Setup::load(
            None,
            Some(std::path::Path::new(super::super::DATA_NONE)),
            super::super::Reading::Strict,
        )
        .unwrap();
        let seen = PolicyInLog::beside(&setup);
        let other = |source: &str, digest: &str| {
            let line = format!(
                r#"{{"type":"tick","ts":"2026-11-20T09:00:00Z","source":"{source}","seq":1,"ext":{{"policy":"default@7","digest":"{digest}"}}}}"#
            );
            let line = parse_line(Origin { source_name: "test", line: 3 }, &line).unwrap();
            seen.other(&Input { position: 3, line })
        };
        let told = other("govern", &"ab".repeat(32)).unwrap();
        assert!(told.contains("line 3 that policy default@7 (digest abababababab)"), "{told}");
        assert!(told.contains("sumun policies show default@7 --text"), "{told}");
        assert_eq!(other("govern", &seen.digest), None);
        assert_eq!(other("exchange:main", &"ab".repeat(32)), None);
    }
}
