//! Client programmes: what they call themselves, how their TLS looks, how they take up a new release.

use super::tree::{Draws, mixed};
use super::weather::Weather;
use super::{DAY, HOUR, Us};

/// A library as it shows on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Library {
    /// Place in [`LIBRARIES`].
    pub(super) index: usize,
    /// Agent before and after the version.
    agent: (&'static str, &'static str),
    /// Versions, oldest first. The first two are out before the world starts.
    pub(super) versions: [&'static str; 4],
    /// From which version on its TLS looks different.
    new_tls: usize,
    /// Whether it puts the client's time into its token.
    pub(super) sends_time: bool,
}

const fn library(
    index: usize,
    agent: (&'static str, &'static str),
    versions: [&'static str; 4],
    new_tls: usize,
    sends_time: bool,
) -> Library {
    Library { index, agent, versions, new_tls, sends_time }
}

/// What pyupbit and synchronous ccxt show: the HTTP library below them.
pub(super) const PYTHON: Library =
    library(0, ("python-requests/", ""), ["2.31.0", "2.32.3", "2.32.4", "2.32.5"], 2, false);
/// Every library.
pub(super) const LIBRARIES: [Library; 8] = [
    PYTHON,
    library(1, ("ccxt/", ""), ["4.4.98", "4.5.20", "4.5.36", "4.5.51"], 3, false),
    library(2, ("Python/3.12 aiohttp/", ""), ["3.11.18", "3.12.15", "3.13.2", "3.13.3"], 2, false),
    library(3, ("axios/", ""), ["1.7.9", "1.12.2", "1.13.1", "1.13.2"], 9, false),
    library(4, ("Go-http-client/", ""), ["1.1", "1.1", "1.1", "2.0"], 3, true),
    library(5, ("okhttp/", ""), ["4.12.0", "4.12.0", "5.1.0", "5.3.0"], 2, true),
    library(6, ("upbit-sdk/", " Python"), ["1.0.2", "1.1.0", "1.1.1", "1.2.0"], 3, false),
    library(
        7,
        ("node-fetch/", " (+https://github.com/node-fetch/node-fetch)"),
        ["2.7.0", "3.3.2", "3.3.2", "3.3.3"],
        3,
        false,
    ),
];
/// The approved vendor's programme.
pub(super) const VENDOR_TOOL: Library =
    library(8, ("TradeNest/", " (cloud)"), ["3.3.0", "3.4.1", "3.4.2", "3.5.0"], 9, true);
/// Another vendor's.
pub(super) const UNKNOWN_TOOL: Library =
    library(9, ("QuantHive-Engine/", ""), ["0.9.1", "0.9.4", "0.9.5", "1.0.0"], 9, true);

/// When a programme takes up a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Upgrades {
    /// Never within the world: stays at the second version.
    Never,
    /// This long after each release: containers built anew every night, or an owner who reads release notes.
    After(Us),
    /// Once, at that time, to the third version.
    At(Us),
}

/// A programme on a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Client {
    /// What it is built on.
    pub(super) library: Library,
    /// Operating system and TLS library below: tells apart users of one library, but few of them.
    pub(super) platform: u64,
    /// How it is kept up to date.
    pub(super) upgrades: Upgrades,
}

impl Client {
    /// Any client a home user has; most are Python.
    pub(super) fn usual(draws: &mut Draws) -> Self {
        let library = if draws.chance(480) { PYTHON } else { draws.pick(&LIBRARIES) };
        Self { library, platform: draws.below(4), upgrades: upgrades(draws) }
    }

    /// A client of a library that is not that one.
    pub(super) fn other_than(library: Library, draws: &mut Draws) -> Self {
        let step = 1 + usize::try_from(draws.below(LIBRARIES.len() as u64 - 1)).unwrap_or(0);
        let other = LIBRARIES.iter().cycle().nth(library.index % LIBRARIES.len() + step).copied();
        Self { library: other.unwrap_or(PYTHON), platform: draws.below(4), upgrades: upgrades(draws) }
    }

    /// The same library on another machine.
    pub(super) fn elsewhere(&self, draws: &mut Draws) -> Self {
        Self { platform: draws.below(4), upgrades: upgrades(draws), ..self.clone() }
    }

    fn version(&self, at: Us, weather: &Weather) -> usize {
        let released =
            |lag: Us| 1 + weather.releases(self.library.index).iter().filter(|r| **r + lag <= at).count();
        match self.upgrades {
            Upgrades::Never => 1,
            Upgrades::After(lag) => released(lag).min(3),
            Upgrades::At(when) => 1 + usize::from(at >= when),
        }
    }

    /// How it calls itself then.
    pub(super) fn agent(&self, at: Us, weather: &Weather) -> String {
        let version = self.library.versions.get(self.version(at, weather)).copied().unwrap_or_default();
        let (before, after) = self.library.agent;
        format!("{before}{version}{after}")
    }

    /// Its JA4 then.
    pub(super) fn ja4(&self, at: Us, weather: &Weather) -> String {
        let generation = u64::from(self.version(at, weather) >= self.library.new_tls);
        // The same in every world: it is the software's, not the seed's.
        let own = mixed(self.library.index as u64 * 8 + self.platform, generation);
        let (ciphers, extensions) = (10 + own % 20, 8 + own / 32 % 9);
        let h = mixed(own, 1);
        format!(
            "t13d{ciphers:02}{extensions:02}h1_{:012x}_{:012x}",
            h & 0xffff_ffff_ffff,
            mixed(h, 2) & 0xffff_ffff_ffff
        )
    }
}

fn upgrades(draws: &mut Draws) -> Upgrades {
    match draws.below(10) {
        0..=4 => Upgrades::Never,
        // Built anew overnight: everybody within half a day of the release.
        5..=6 => Upgrades::After(draws.between(0, 12) * HOUR + draws.between(0, HOUR)),
        _ => Upgrades::After(draws.between(1, 40) * DAY + draws.between(0, DAY)),
    }
}
