//! Policy file and data files, read once and named by their digests.

use super::LadderJudge;
use super::data::NetworkFiles;
use crate::exit::BadInput;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::path::Path;
use std::sync::Arc;
use sumun_detect::network::{NetworkData, NoData};
use sumun_detect::{Engine, Measures, Options, Params};
use sumun_model::{Lang, Weights};
use sumun_policy::{Approve, Policy};

/// Where the default policy stands in the source tree; the same text is in the binary.
const DEFAULT_PATH: &str = "policies/default.toml";
pub(crate) const DEFAULT_TEXT: &str = include_str!("../../../../policies/default.toml");
/// The word for `--data` that means no files.
pub const DATA_NONE: &str = "none";

/// What becomes of `[detectors]` that detection cannot use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reading {
    /// The file is refused.
    #[default]
    Strict,
    /// As live detection reads a policy in force: see [`Setup::in_force`].
    AsInForce,
}

impl From<bool> for Reading {
    /// By the flag `--as-in-force`.
    fn from(as_in_force: bool) -> Self {
        if as_in_force { Self::AsInForce } else { Self::Strict }
    }
}

/// Everything detection and policy run by.
pub struct Setup {
    /// The policy.
    pub policy: Arc<Policy>,
    /// Detection's parameters: the policy's `[detectors]`.
    pub params: Params,
    /// What of `[detectors]` is not used, and why; where what stands there is not simply refused.
    pub unused: Option<String>,
    /// α, decay and prior: the policy's `[scores]`.
    pub weights: Weights,
    /// Data files on networks.
    pub data: Arc<dyn NetworkData>,
    /// SHA-256 of the policy's text.
    pub policy_digest: [u8; 32],
    /// SHA-256 of the data files; null where there are none.
    pub data_digest: Option<[u8; 32]>,
}

impl Setup {
    /// Reads a policy file, or the one in the binary, and data files: those of a folder, those of the installation if it has some,
    /// or none for `none`. What detection cannot use of a policy read as in force is said on standard error.
    ///
    /// # Errors
    /// A file cannot be read or is bad; says where and what to do.
    pub fn load(policy: Option<&Path>, data: Option<&Path>, reading: Reading) -> anyhow::Result<Self> {
        let (shown, text) = match policy {
            None => (DEFAULT_PATH.to_owned(), DEFAULT_TEXT.to_owned()),
            Some(path) => {
                let shown = path.display().to_string();
                match std::fs::read_to_string(path) {
                    Ok(text) => (shown, text),
                    // Named as in the help, wherever the command was started.
                    Err(_) if path == Path::new(DEFAULT_PATH) => (shown, DEFAULT_TEXT.to_owned()),
                    Err(error) => {
                        let told = format!("failed to read `{shown}`: {error}; name a policy file");
                        return Err(BadInput(told).into());
                    }
                }
            }
        };
        let mut setup = match reading {
            Reading::Strict => Self::of_text(&shown, &text)?,
            Reading::AsInForce => Self::in_force(&shown, &text)?,
        };
        if let Some(unused) = &setup.unused {
            crate::logging::say(&format!("attention: {unused}\n"));
        }
        let (data, digest) = network_data(data)?;
        (setup.data, setup.data_digest) = (data, digest);
        Ok(setup)
    }

    /// Of a policy's text, without data files. `shown` names it in errors.
    ///
    /// # Errors
    /// It is no policy, or its `[detectors]` hold what no detector knows.
    pub fn of_text(shown: &str, text: &str) -> anyhow::Result<Self> {
        let policy = Policy::parse(text).map_err(|error| BadInput(format!("`{shown}`: {error}")))?;
        let params = Params::deserialize(toml::Value::Table(policy.detectors.clone()))
            .map_err(|error| BadInput(format!("`{shown}`: `[detectors]`: {}", error.message())))?;
        Ok(Self::of(policy, params, text))
    }

    /// Of a policy that is in force, whatever its `[detectors]` hold: a section that cannot be used counts as left out, so that the catalogue's
    /// values hold there, and [`Setup::unused`] says so. Nobody is better guarded by a control plane that does not start.
    ///
    /// # Errors
    /// It is no policy.
    pub fn in_force(shown: &str, text: &str) -> anyhow::Result<Self> {
        let policy = Policy::parse(text).map_err(|error| BadInput(format!("`{shown}`: {error}")))?;
        let (mut used, mut faults) = (toml::Table::new(), Vec::new());
        for (name, section) in &policy.detectors {
            let alone = toml::Table::from_iter([(name.clone(), section.clone())]);
            match Params::deserialize(toml::Value::Table(alone)) {
                Ok(_) => {
                    used.insert(name.clone(), section.clone());
                }
                Err(error) => faults.push(format!("`[detectors.{name}]`: {}", error.message())),
            }
        }
        let params = Params::deserialize(toml::Value::Table(used)).unwrap_or_else(|error| {
            faults.push(format!("`[detectors]`: {}", error.message()));
            Params::default()
        });
        let mut setup = Self::of(policy, params, text);
        setup.unused = (!faults.is_empty()).then(|| {
            let faults = faults.join("; ");
            format!("policy `{shown}` in force holds what detection cannot use, and the catalogue's values hold there instead: {faults}")
        });
        Ok(setup)
    }

    /// Without data files.
    fn of(policy: Policy, params: Params, text: &str) -> Self {
        Self {
            weights: policy.weights.clone(),
            policy: Arc::new(policy),
            params,
            unused: None,
            data: Arc::new(NoData),
            policy_digest: Sha256::digest(text).into(),
            data_digest: None,
        }
    }

    /// An engine whose judge is the ladder, or none where measures are recorded.
    #[must_use]
    pub fn engine(&self, options: Options, approve: Approve, lang: Lang) -> Engine {
        let judge: Box<dyn sumun_detect::judge::Judge> = match options.measures {
            Measures::Derive => Box::new(LadderJudge::new(Arc::clone(&self.policy), approve, lang)),
            Measures::Recorded => Box::new(sumun_detect::judge::NoJudge),
        };
        let (params, weights) = (self.params.clone(), self.weights.clone());
        Engine::new(params, weights, Arc::clone(&self.data), judge, options, &self.also(approve))
    }

    /// What a snapshot depends on beside parameters and weights.
    #[must_use]
    pub fn also(&self, approve: Approve) -> Vec<u8> {
        let mut also = self.policy_digest.to_vec();
        also.extend(self.data_digest.unwrap_or_default());
        also.push(match approve {
            Approve::All => 0,
            Approve::None => 1,
            Approve::People => 2,
        });
        also
    }
}

/// Data files on networks with their digest.
pub(crate) type Data = (Arc<dyn NetworkData>, Option<[u8; 32]>);

/// Data files of a folder, of the installation, or none.
///
/// # Errors
/// They cannot be read.
pub(crate) fn network_data(folder: Option<&Path>) -> anyhow::Result<Data> {
    let installed = NetworkFiles::installed();
    let folder = match folder {
        Some(word) if word == Path::new(DATA_NONE) => return Ok((Arc::new(NoData), None)),
        Some(folder) => folder,
        None => match &installed {
            Some(folder) => folder,
            None => {
                eprintln!(
                    "sumun: no network data: networks are known from `network` lines only \
                     (`cargo xtask setup` brings the data; `--data none` is silent about it)"
                );
                return Ok((Arc::new(NoData), None));
            }
        },
    };
    let files = NetworkFiles::open(folder).map_err(|error| BadInput(error.to_string()))?;
    let digest = files.digest();
    Ok((Arc::new(files), Some(digest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(detectors: &str) -> String {
        let text = DEFAULT_TEXT.replacen("[detectors]\n", &format!("[detectors]\n{detectors}\n"), 1);
        assert_ne!(text, DEFAULT_TEXT);
        text
    }

    #[test]
    fn what_detection_cannot_use_of_a_policy_in_force_counts_as_left_out() {
        let shipped = Setup::in_force("default@1", DEFAULT_TEXT).unwrap();
        assert_eq!(shipped.unused, None);
        let digest = |setup: &Setup| setup.params.digest(&setup.weights);
        for nonsense in [
            "[detectors.concurrent_origins]\nwindow_s = 0",
            "[detectors.concurrent_origins]\nwindow = 3",
            "[detectors.concurrent_origins]\nwindow_s = \"long\"",
            "[detectors.of_nobody]\nx = 1",
            "fanout = 7",
        ] {
            let text = with(nonsense);
            assert!(Setup::of_text("p", &text).is_err(), "{nonsense}");
            let setup = Setup::in_force("default@1", &text).unwrap();
            assert_eq!(digest(&setup), digest(&shipped), "{nonsense}");
            let said = setup.unused.unwrap();
            assert!(
                said.starts_with("policy `default@1` in force holds what detection cannot use"),
                "{said}"
            );
        }
        // What is sound beside it is used.
        let sound = with("[detectors.concurrent_origins]\nwindow_s = 7");
        let both = with("[detectors.concurrent_origins]\nwindow_s = 7\n[detectors.fanout]\nshort_s = 0");
        let [sound, both] = [sound, both].map(|text| Setup::in_force("default@1", &text).unwrap());
        assert_eq!(digest(&sound), digest(&both));
        assert_ne!(digest(&sound), digest(&shipped));
        assert!(both.unused.is_some_and(|said| said.contains("`[detectors.fanout]`")));
        assert!(Setup::in_force("p", "no policy").is_err());
    }

    #[test]
    fn a_look_back_reads_a_policy_as_live_detection_does() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("then.toml");
        let none = Some(Path::new(DATA_NONE));
        for detectors in ["", "[detectors.concurrent_origins]\nwindow_s = 0", "[detectors.of_nobody]\nx = 1"]
        {
            let text = with(detectors);
            std::fs::write(&path, &text).unwrap();
            let live = Setup::in_force("default@1", &text).unwrap();
            let back = Setup::load(Some(&path), none, Reading::AsInForce).unwrap();
            let reads = |setup: &Setup| {
                let unused = setup.unused.as_ref().map(|said| said.split_once(": ").unwrap().1.to_owned());
                (setup.params.digest(&setup.weights), setup.also(Approve::All), unused)
            };
            assert_eq!(reads(&live), reads(&back), "{detectors}");
            let strict = Setup::load(Some(&path), none, Reading::Strict);
            assert_eq!(strict.is_ok(), detectors.is_empty(), "{detectors}");
        }
    }
}
