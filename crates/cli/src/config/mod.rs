//! `sumun.toml`: one typed configuration, mirrored by environment variables and flags.
//!
//! A value comes from the first of: a flag, `SUMUN_…` in the environment (`__` between levels, so
//! `SUMUN_GATE__LISTEN` is `gate.listen`), the file, the default. Unknown keys are errors in the file and in
//! the environment alike: in a guard, a typo must not mean "off". Relative paths start at the file's folder.
//!
//! No key holds a secret; [`SealConfig`] only says where the key-encryption keys are.
//!
//! [`Sources::load`] reads and merges, [`explain`] tells where each value came from, `section` holds the macro that keeps
//! a key's documentation, type and default in one place.

pub mod explain;
mod load;
mod pasted;
mod section;
mod values;

pub use load::{ConfigErrors, ConfigProblem, Flag, Loaded, Origin, Sources};
pub use pasted::{PastedWord, PastedWordError};
pub use values::{
    CanaryTarget, CanaryTargetError, Dialect, Mode, UnknownFields, Upstream, UpstreamError, UpstreamHost,
    WebAddress, WebAddressError, WebOrigin, WebOriginError,
};

use section::{Field, section};
use std::net::SocketAddr;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};
use sumun_model::{GateId, Prefix};
use sumun_seal::KEK_TEXT_PREFIX;

/// What every environment variable of this configuration begins with.
pub const VARIABLE_PREFIX: &str = "SUMUN_";
/// Filters log lines; not a key of the configuration.
pub const LOG_FILTER_VARIABLE: &str = "SUMUN_LOG";
/// Names the configuration file; not a key of the configuration.
pub const FILE_VARIABLE: &str = "SUMUN_CONFIG";
/// The configuration file if none is named.
pub const FILE_DEFAULT: &str = "sumun.toml";

section! {
    /// Everything `sumun.toml` may say.
    pub struct Config in "" {
        /// Folder of all that must survive a restart: spool, event log, replay memory, table snapshot.
        data_dir: PathBuf = "sumun-data".into();
    }
    sections {
        /// The gate.
        gate: GateConfig;
        /// The control plane.
        govern: GovernConfig;
        /// Browsers of staff.
        console: ConsoleConfig;
        /// Browsers of customers.
        owner: OwnerConfig;
        /// The event log of a gate.
        log: LogConfig;
        /// The event log of the control plane.
        events: EventsConfig;
        /// Detection.
        detect: DetectConfig;
        /// The exchange's own log files.
        tap: TapConfig;
        /// Acting on keys at an exchange that keeps its own gateway.
        actuator: ActuatorConfig;
        /// How notices leave.
        notices: NoticesConfig;
        /// Where the key-encryption keys are.
        seal: SealConfig;
    }
}

section! {
    /// The gate: whom it listens to, whom it passes requests to, what it asks of them.
    pub struct GateConfig in "gate" {
        /// Name of this gate in every record it writes. Two gates must not share one.
        id: GateId = gate_1();
        /// Where clients connect.
        listen: SocketAddr = local(8080);
        /// The exchange behind the gate, `http://host:port`. TLS to it is for a hop beside it; https is refused.
        upstream: Upstream = Upstream::default();
        /// Which `Host` header the upstream sees: `keep` the client's, or the `upstream`'s own.
        upstream_host: UpstreamHost = UpstreamHost::Keep;
        /// Which exchange's language the clients speak: `upbit`.
        dialect: Dialect = Dialect::Upbit;
        /// The keys served, JSON or TOML by extension. Watched: an edit takes effect at the next request while the file
        /// has at most 1 MiB (some two thousand keys); a larger one within 20 ms and the time it takes to read it.
        keys_file: PathBuf = "keys.toml".into();
        /// `enforce`, or `shadow`: decide and record everything, refuse nothing.
        mode: Mode = Mode::Enforce;
        /// Where `/metrics`, `/healthz` and `/readyz` answer. Absent: nowhere. Not for clients.
        admin_listen: Option<SocketAddr> = None, example "\"127.0.0.1:9464\"";
        /// Where another front's questions are answered: `POST /v1/decide`, nginx's `/v1/auth-request`, Envoy's `/v1/ext-authz` and
        /// its gRPC (plain HTTP/2). Absent: nowhere. Not for clients.
        decide_listen: Option<SocketAddr> = None, example "\"127.0.0.1:9465\"";
        /// File with what a front shows that has checked signatures itself and names the key in `X-Sumun-Key`: one line of 32
        /// characters or more, readable by its owner only. Absent: no front is believed about a key.
        front_token_file: Option<PathBuf> = None, example "\"front-token.txt\"";
        /// Prefixes of the hops before the gate whose `X-Forwarded-For` is believed. Empty: only the socket is.
        trusted_hops: Vec<Prefix> = Vec::new(), example "[\"10.0.0.0/8\"]";
        /// Connections of clients served at once, WebSockets among them; more wait to be accepted. Each takes two open
        /// files: a lower hard limit of the process (`ulimit -Hn`) holds instead, with a warning.
        connections_max: NonZeroUsize = bytes(16_384);
        /// Connections at once from one /24 of IPv4 or /48 of IPv6; more are closed. 0: no limit. Trusted hops have none.
        connections_per_source_max: usize = 1024;
        /// Largest request body, in bytes. It is held in memory until its signature is checked. An order takes under 1 KiB.
        body_bytes_max: NonZeroUsize = bytes(64 << 10);
        /// Largest request head, in bytes: request line and headers together; at least 8192.
        header_bytes_max: NonZeroUsize = bytes(32 << 10);
        /// Oldest key table that still decides everything, in seconds. Past it reading and cancelling pass,
        /// transfers are refused, orders are subject to `order_stale_pass_s`.
        table_age_max_s: NonZeroU64 = count(60);
        /// How long orders still pass under a table past its age, in seconds. 0: not at all.
        order_stale_pass_s: u64 = 600;
        /// Whether a recorded address counts only once proved by a request with the owner's second factor.
        address_proof_required: bool = false;
        /// How long a stop waits for requests under way, in seconds.
        shutdown_grace_s: u64 = 5;
    }
    sections {
        /// Where keys come from, other than a file.
        feed: FeedConfig;
        /// Deadlines.
        timeouts: TimeoutsConfig;
        /// Bad signatures from one place.
        failures: FailuresConfig;
        /// Requests per key.
        rates: RatesConfig;
        /// Memory of used nonces.
        replay: ReplayConfig;
        /// Events not yet in the log.
        spool: SpoolConfig;
    }
}

section! {
    /// The feed of keys from govern. With `url` set, keys come from there and no keys file is read; the gate must have been
    /// enrolled with `sumun gate enrol`. A gate starts alone from what it last heard.
    pub struct FeedConfig in "gate.feed" {
        /// The server, `http://host:port`. Frames are signed and secrets sealed, so a trusted hop needs no TLS.
        url: Option<Upstream> = None, example "\"http://127.0.0.1:8070\"";
        /// The key this gate signs with. Absent: `gate.key` in `data_dir`. Two gates must not share one.
        gate_key_file: Option<PathBuf> = None, example "\"gate.key\"";
        /// A connection on which nothing is heard for so long is given up, in seconds.
        silence_s: NonZeroU64 = count(10);
        /// Longest pause before connecting again, in milliseconds; the first pauses are shorter.
        reconnect_ms_max: NonZeroU64 = count(2_000);
    }
}

section! {
    /// Deadlines of the gate, in seconds. None of them can be switched off: a slow peer must not hold a place.
    pub struct TimeoutsConfig in "gate.timeouts" {
        /// A client sends the whole head of its next request within this time; so long an idle connection is kept.
        header_read_s: NonZeroU64 = count(60);
        /// A client sends its request's body within this time.
        body_read_s: NonZeroU64 = count(15);
        /// The upstream takes a connection within this time.
        connect_s: NonZeroU64 = count(2);
        /// The upstream begins its response within this time.
        upstream_response_s: NonZeroU64 = count(30);
        /// An unused connection to the upstream is kept this long.
        idle_s: NonZeroU64 = count(75);
        /// A WebSocket without a frame either way is kept this long.
        websocket_idle_s: NonZeroU64 = count(300);
    }
}

section! {
    /// The limiter of failed signatures, per source prefix and key. Never counts an address on the key's allowlist,
    /// so that nobody can lock an owner out.
    pub struct FailuresConfig in "gate.failures" {
        /// Failures within the window after which that source is refused for that key.
        per_source_max: NonZeroU64 = count(20);
        /// The window, in seconds.
        window_s: NonZeroU64 = count(60);
    }
}

section! {
    /// What the gate lets through of one key's requests in a second. 0: no limit. Limits of its own, after the venue's
    /// published numbers: Upbit counts by pocket, so keys of one pocket may meet its limits before these. Cancelling is
    /// never limited here. Messages on a stream are counted apart from requests.
    pub struct RatesConfig in "gate.rates" {
        /// Requests that neither place orders nor cancel; and, apart from them, messages on a key's streams.
        default_per_second: u32 = 30;
        /// Placing orders.
        order_per_second: u32 = 12;
    }
}

section! {
    /// Memory of used nonces. Bounded: when a generation is full the oldest is forgotten, so a nonce is remembered
    /// for at least as many signed requests as one generation holds.
    pub struct ReplayConfig in "gate.replay" {
        /// Nonces in one of the two generations.
        nonces_max: NonZeroUsize = bytes(4_194_304);
    }
}

section! {
    /// The spool: events on the gate's own disk until they are in the event log.
    pub struct SpoolConfig in "gate.spool" {
        /// Size at which it is full, in bytes. A full spool refuses transfers and sheds the rest into a counted gap.
        bytes_max: NonZeroU64 = count(1 << 30);
        /// Size of one file, in bytes.
        segment_bytes_max: NonZeroU64 = count(64 << 20);
        /// Longest time a record of reading waits for fsync, in milliseconds; at most 50.
        sync_interval_ms: NonZeroU64 = count(20);
    }
}

section! {
    /// The control plane: the REST API, the record and the feed of keys. Made with `sumun init`.
    pub struct GovernConfig in "govern" {
        /// Where people, machines and gates connect. Plain HTTP: TLS is for a hop before it, unless all are on one machine.
        listen: SocketAddr = local(8070);
        /// Prefixes of the hops before the control plane whose `X-Forwarded-For` is believed: by the client's address attempts to
        /// sign in are slowed down, and it stands in the record. Empty: only the socket is.
        trusted_hops: Vec<Prefix> = Vec::new(), example "[\"10.0.0.0/8\"]";
        /// The database. Absent: SQLite in `data_dir`. A password does not belong here: PostgreSQL's own `PGPASSWORD` or
        /// `~/.pgpass` holds it.
        database: Option<String> = None, example "\"postgres://sumun@127.0.0.1/sumun\"";
        /// Key-encryption keys of the control plane's own, in a file as `seal.key_file` is: under them stand the keys that sign the
        /// ledger and the feed, and staff's credentials. No gate needs it. Absent: the keys of `seal`, which gates have.
        key_file: Option<PathBuf> = None, example "\"govern-kek.txt\"";
        /// The venue's facts. A changed file is adopted at the next start, as a ledger entry that shows each field.
        venue_file: PathBuf = "venue.toml".into();
        /// The first policy: put in force where the record has none. Later ones are proposed, and two persons agree. Absent: the shipped one.
        policy_file: Option<PathBuf> = None, example "\"policy.toml\"";
        /// Where canaries (the venue's own keys, ended and then tried from outside) reach each gate: `gate-id=http://host:port`.
        /// Empty: none is issued. With several control planes, one of them has targets.
        canary_targets: Vec<CanaryTarget> = Vec::new(), example "[\"gate-1=http://127.0.0.1:8080\"]";
    }
}

section! {
    /// The console: what staff's browsers are served with, on the control plane's own listener.
    pub struct ConsoleConfig in "console" {
        /// Where staff's browsers reach it, `http://` or `https://`, host and port. With `https` its cookie goes over TLS only. Absent: at
        /// `govern.listen`, in the clear: on one machine, or before a hop with TLS is there.
        url: Option<WebAddress> = None, example "\"https://console.exchange.example\"";
        /// A line that everybody is shown at the top of each page, customers too.
        banner: Option<String> = None, example "\"Exercise: nothing here is real\"";
        /// Where readers find the published ledger with its verifier key `vkey` in it: an address, or a folder as they reach it. Commands
        /// that pages show name it there. Absent: they name `vkey`, the file that a reader was handed.
        ledger: Option<PastedWord> = None, example "\"https://ledger.exchange.example\"";
        /// What readers call `sumun` by in such commands.
        program: PastedWord = PastedWord::named("sumun");
    }
}

section! {
    /// The owner's page: what customers' browsers are served with, on a listener of its own that serves nothing else.
    pub struct OwnerConfig in "owner" {
        /// Where customers' browsers connect. Plain HTTP: TLS is for a hop before it. Absent: there is no owner's page.
        listen: Option<SocketAddr> = None, example "\"127.0.0.1:8071\"";
        /// Where customers' browsers reach it. With `https` its cookie goes over TLS only. The exchange posts its assertion to `/sign-in` there.
        url: Option<WebAddress> = None, example "\"https://keys.exchange.example\"";
        /// Origins of the exchange's pages that post there: scheme, host, port. A form of any other page is refused, so that nobody is signed in
        /// as somebody else by a page he opened. Empty: only the owner's page itself, and so nobody comes in from the exchange.
        sign_in_origins: Vec<WebOrigin> = Vec::new(), example "[\"https://exchange.example\"]";
        /// Where customers sign in at the exchange and open their keys there; the owner's page sends them to it, to come in and to show a
        /// second factor anew. Absent: it tells them to go there, without a link.
        sign_in_url: Option<WebAddress> = None, example "\"https://exchange.example/keys\"";
        /// Where the exchange verifies who somebody is; pages for owners link to it. Absent: they say that the exchange gets in touch.
        identity_url: Option<WebAddress> = None, example "\"https://exchange.example/identity\"";
    }
}

section! {
    /// The control plane's event log: what gates and the exchange hand in, and what its own record says of keys, in one order. Detection
    /// reads it; `sumun log dump --events` prints it.
    pub struct EventsConfig in "events" {
        /// Size past which the oldest files are dropped, in bytes; never what detection still needs.
        bytes_max: NonZeroU64 = count(20 << 30);
        /// Size of one file, in bytes.
        segment_bytes_max: NonZeroU64 = count(128 << 20);
        /// Fields that nobody knows in what is handed in: an `error` that refuses the batch, or `count`: dropped and counted, so that
        /// senders can be upgraded first.
        unknown: UnknownFields = UnknownFields::Error;
        /// Longest delay of a source that the clock waits for, in milliseconds: a window that ends is closed so much later at most.
        lag_ms_max: NonZeroU64 = count(5_000);
    }
}

section! {
    /// Detection, beside the control plane: what of the events stands out, and how far each key is under suspicion.
    pub struct DetectConfig in "detect" {
        /// Whether this control plane detects. One of several does: the one that gates hand their events in to.
        enabled: bool = true;
        /// Threads that share the keys. Findings are the same whatever the number.
        shards: NonZeroUsize = bytes(1);
        /// Time between snapshots, in seconds: a start reads so much of the log again.
        snapshot_s: NonZeroU64 = count(60);
        /// Folder of data files on networks: to whom an address belongs, and where it is. Absent: known from `network` lines alone.
        network_data: Option<PathBuf> = None, example "\"network-data\"";
        /// Folder of the snapshots. Absent: `detect` in `data_dir`.
        dir: Option<PathBuf> = None, example "\"detect\"";
    }
}

section! {
    /// The exchange's own log files, followed by the control plane itself. `sumun tap` does the same from another machine.
    pub struct TapConfig in "tap" {
        /// What to follow, as docs/adopt/tap.md says; its `server` and `token_file` are not needed here. Absent: nothing is followed.
        file: Option<PathBuf> = None, example "\"tap.toml\"";
    }
}

section! {
    /// Acting on keys at an exchange that keeps its own gateway and key database: calls of its key API, or signed messages.
    pub struct ActuatorConfig in "actuator" {
        /// What is called, as docs/adopt/actuator.md says; `sumun actuator check` explains it. Absent: nobody outside is told of keys.
        file: Option<PathBuf> = None, example "\"actuator.toml\"";
    }
}

section! {
    /// The event log of a gate: what `sumun log` reads.
    pub struct LogConfig in "log" {
        /// Size past which the oldest files are dropped, in bytes.
        bytes_max: NonZeroU64 = count(10 << 30);
        /// Size of one file, in bytes.
        segment_bytes_max: NonZeroU64 = count(128 << 20);
    }
}

section! {
    /// How notices to people leave the control plane: always into `notices.ndjson` in `data_dir`, and by mail where a relay is named.
    pub struct NoticesConfig in "notices" {
        /// A mail relay: `smtp://host:port` (with STARTTLS, unless it is on this machine) or `smtps://host:port`. Absent: no mail; whoever reads
        /// the file delivers, and says so with `POST /v1/notices/{notice}/confirm`.
        smtp_url: Option<String> = None, example "\"smtps://mail.exchange.example:465\"";
        /// Who mail is from.
        smtp_from: Option<String> = None, example "\"Example Exchange <no-reply@exchange.example>\"";
        /// Name at the relay, if it asks for one.
        smtp_user: Option<String> = None, example "\"sumun\"";
        /// Environment variable with the password at the relay.
        smtp_password_env: String = "SUMUN_SMTP_PASSWORD".to_owned();
    }
}

section! {
    /// Where the key-encryption keys are. No secret stands in this file itself.
    pub struct SealConfig in "seal" {
        /// File with one `kek:v1:…` per line, the first one seals; readable by its owner only (`chmod 600`).
        key_file: Option<PathBuf> = None, example "\"kek.txt\"";
        /// Environment variable with the same text, looked at when no `key_file` is set.
        key_env: String = "SUMUN_SEAL_KEY".to_owned();
    }
}

/// Every key there is, in the order of the file.
const SECTIONS: &[(&str, &[&str], &[Field])] = &[
    ("", Config::DOC, Config::FIELDS),
    ("gate", GateConfig::DOC, GateConfig::FIELDS),
    ("gate.feed", FeedConfig::DOC, FeedConfig::FIELDS),
    ("gate.timeouts", TimeoutsConfig::DOC, TimeoutsConfig::FIELDS),
    ("gate.failures", FailuresConfig::DOC, FailuresConfig::FIELDS),
    ("gate.rates", RatesConfig::DOC, RatesConfig::FIELDS),
    ("gate.replay", ReplayConfig::DOC, ReplayConfig::FIELDS),
    ("gate.spool", SpoolConfig::DOC, SpoolConfig::FIELDS),
    ("govern", GovernConfig::DOC, GovernConfig::FIELDS),
    ("console", ConsoleConfig::DOC, ConsoleConfig::FIELDS),
    ("owner", OwnerConfig::DOC, OwnerConfig::FIELDS),
    ("log", LogConfig::DOC, LogConfig::FIELDS),
    ("events", EventsConfig::DOC, EventsConfig::FIELDS),
    ("detect", DetectConfig::DOC, DetectConfig::FIELDS),
    ("tap", TapConfig::DOC, TapConfig::FIELDS),
    ("actuator", ActuatorConfig::DOC, ActuatorConfig::FIELDS),
    ("notices", NoticesConfig::DOC, NoticesConfig::FIELDS),
    ("seal", SealConfig::DOC, SealConfig::FIELDS),
];

fn fields() -> impl Iterator<Item = &'static Field> {
    SECTIONS.iter().flat_map(|(_, _, fields)| fields.iter())
}

impl Config {
    /// The event log's folder.
    #[must_use]
    pub fn log_dir(&self) -> PathBuf {
        self.data_dir.join("log")
    }

    /// The folder of the control plane's event log.
    #[must_use]
    pub fn events_dir(&self) -> PathBuf {
        self.data_dir.join("events")
    }

    /// Where detection keeps its snapshots.
    #[must_use]
    pub fn detect_dir(&self) -> PathBuf {
        self.detect.dir.clone().unwrap_or_else(|| self.data_dir.join("detect"))
    }

    /// The spool's folder.
    #[must_use]
    pub fn spool_dir(&self) -> PathBuf {
        self.data_dir.join("spool")
    }

    /// The last good key table, from which a gate starts alone.
    #[must_use]
    pub fn table_file(&self) -> PathBuf {
        self.data_dir.join("table.json")
    }

    /// The key this gate signs with.
    #[must_use]
    pub fn gate_key_file(&self) -> PathBuf {
        self.gate.feed.gate_key_file.clone().unwrap_or_else(|| self.data_dir.join("gate.key"))
    }

    /// What this gate learnt when it was enrolled.
    #[must_use]
    pub fn enrolment_file(&self) -> PathBuf {
        self.data_dir.join("enrolment.json")
    }

    /// The control plane's database.
    #[must_use]
    pub fn database_url(&self) -> String {
        self.govern.database.clone().unwrap_or_else(|| {
            // SQLite's address wants a whole path; without a working folder there is none to make.
            let path = std::path::absolute(self.data_dir.join("govern.db"));
            format!("sqlite://{}", path.unwrap_or_else(|_| self.data_dir.join("govern.db")).display())
        })
    }

    /// Where the ledger is published.
    #[must_use]
    pub fn ledger_dir(&self) -> PathBuf {
        self.data_dir.join("ledger")
    }

    /// Makes every path start at `base`, unless it is absolute.
    fn resolve_paths(&mut self, base: &Path) {
        let paths = [
            Some(&mut self.data_dir),
            Some(&mut self.gate.keys_file),
            Some(&mut self.govern.venue_file),
            self.gate.feed.gate_key_file.as_mut(),
            self.gate.front_token_file.as_mut(),
            self.govern.key_file.as_mut(),
            self.detect.dir.as_mut(),
            self.detect.network_data.as_mut(),
            self.govern.policy_file.as_mut(),
            self.seal.key_file.as_mut(),
            self.tap.file.as_mut(),
            self.actuator.file.as_mut(),
        ];
        for path in paths.into_iter().flatten() {
            *path = base.join(&*path);
        }
    }

    /// Rules that hold between keys: the key, and what is wrong with it.
    fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        let mut found = |key, what: String| problems.push((key, what));
        let spool = &self.gate.spool;
        if spool.sync_interval_ms.get() > SYNC_INTERVAL_MS_MAX {
            found(
                "gate.spool.sync_interval_ms",
                format!(
                    "is {}, at most {SYNC_INTERVAL_MS_MAX} is allowed: a record must be on disk by then",
                    spool.sync_interval_ms
                ),
            );
        }
        if self.gate.header_bytes_max.get() < HEADER_BYTES_MIN {
            found(
                "gate.header_bytes_max",
                format!(
                    "is {}, at least {HEADER_BYTES_MIN} is needed: the buffer that heads are read into has that many",
                    self.gate.header_bytes_max
                ),
            );
        }
        let gate = &self.gate;
        let long = &gate.timeouts;
        for (key, value, most, why) in [
            ("gate.timeouts.header_read_s", long.header_read_s.get(), DAY_S, "a day"),
            ("gate.timeouts.body_read_s", long.body_read_s.get(), DAY_S, "a day"),
            ("gate.timeouts.connect_s", long.connect_s.get(), DAY_S, "a day"),
            ("gate.timeouts.upstream_response_s", long.upstream_response_s.get(), DAY_S, "a day"),
            ("gate.timeouts.idle_s", long.idle_s.get(), DAY_S, "a day"),
            ("gate.timeouts.websocket_idle_s", long.websocket_idle_s.get(), DAY_S, "a day"),
            ("gate.feed.silence_s", gate.feed.silence_s.get(), DAY_S, "a day"),
            ("gate.feed.reconnect_ms_max", gate.feed.reconnect_ms_max.get(), HOUR_MS, "an hour"),
            ("events.lag_ms_max", self.events.lag_ms_max.get(), HOUR_MS, "an hour"),
            ("detect.snapshot_s", self.detect.snapshot_s.get(), DAY_S, "a day"),
            ("gate.body_bytes_max", gate.body_bytes_max.get() as u64, BODY_BYTES_MOST, "64 MiB a request"),
            (
                "gate.replay.nonces_max",
                gate.replay.nonces_max.get() as u64,
                NONCES_MOST,
                "8 GiB a generation",
            ),
        ] {
            if value > most {
                found(key, format!("is {value}, at most {most} is allowed, which is {why} already"));
            }
        }
        for (key, segment, whole) in [
            ("gate.spool.segment_bytes_max", spool.segment_bytes_max, spool.bytes_max),
            ("log.segment_bytes_max", self.log.segment_bytes_max, self.log.bytes_max),
            ("events.segment_bytes_max", self.events.segment_bytes_max, self.events.bytes_max),
        ] {
            if segment > whole {
                found(key, format!("is {segment}, more than the whole may hold ({whole}); make it smaller"));
            }
        }
        let listeners = [
            ("gate.listen", Some(self.gate.listen)),
            ("gate.admin_listen", self.gate.admin_listen),
            ("gate.decide_listen", self.gate.decide_listen),
            ("govern.listen", Some(self.govern.listen)),
        ];
        for (at, (key, address)) in listeners.iter().enumerate() {
            let earlier = listeners.iter().take(at).find(|(_, other)| other.is_some() && other == address);
            if let (Some((other, _)), Some(address)) = (earlier, address)
                && address.port() != 0
            {
                found(key, format!("is {address}, which is `{other}` already; give it a port of its own"));
            }
        }
        let targets = &self.govern.canary_targets;
        let twice = targets
            .iter()
            .enumerate()
            .find(|(at, one)| targets.iter().take(*at).any(|other| other.gate == one.gate));
        if let Some((_, target)) = twice {
            found(
                "govern.canary_targets",
                format!("names gate `{}` twice; one address tries it", target.gate),
            );
        }
        if let Some(problem) = self.govern.database.as_deref().and_then(database_problem) {
            found("govern.database", problem);
        }
        // Whoever puts the key itself there must not find it repeated in an error.
        let a_name = |text: &str| {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        if !a_name(&self.seal.key_env) {
            found(
                "seal.key_env",
                "is not the name of an environment variable: letters, digits and `_`".to_owned(),
            );
        }
        if self.seal.key_file.as_ref().is_some_and(|path| path.to_string_lossy().contains(KEK_TEXT_PREFIX)) {
            found(
                "seal.key_file",
                "holds a key-encryption key; put the key into a file and name the file".to_owned(),
            );
        }
        problems
    }
}

/// What is wrong with a database's address. Never repeats it: a password may stand there.
fn database_problem(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    if !matches!(scheme, "sqlite" | "postgres" | "postgresql") {
        return Some("begins neither with `postgres://` nor with `sqlite:///`".to_owned());
    }
    let who = rest.split_once('@').map_or("", |(who, _)| who);
    if who.contains(':') || rest.contains("password=") {
        return Some(
            "holds a password; take it out and put it into `PGPASSWORD` or `~/.pgpass`, which are read"
                .to_owned(),
        );
    }
    None
}

/// Longest time between a decision and its record on disk, in milliseconds: what *acknowledged* promises of `read`.
const SYNC_INTERVAL_MS_MAX: u64 = 50;

/// Longest deadline, in seconds. Behind it adding to a clock could overflow, and no peer is worth the wait.
const DAY_S: u64 = 86_400;

/// Longest pause between attempts to connect, in milliseconds: what ended meanwhile would be served on.
const HOUR_MS: u64 = 3_600_000;

/// Largest request body that may be asked for, in bytes: each is held in memory whole.
const BODY_BYTES_MOST: u64 = 64 << 20;

/// Most nonces of one generation that may be asked for: eight bytes each, taken at the start.
const NONCES_MOST: u64 = 1 << 30;

/// Smallest buffer for a request's head, in bytes: what the HTTP library takes at least.
const HEADER_BYTES_MIN: usize = 8192;

fn local(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

#[expect(clippy::expect_used, reason = "INVARIANT: the literal is an id; the tests read every default")]
fn gate_1() -> GateId {
    GateId::new("gate-1").expect("a literal id")
}

/// A default that is written down above and not zero; were it, one.
const fn count(n: u64) -> NonZeroU64 {
    match NonZeroU64::new(n) {
        Some(n) => n,
        None => NonZeroU64::MIN,
    }
}

const fn bytes(n: usize) -> NonZeroUsize {
    match NonZeroUsize::new(n) {
        Some(n) => n,
        None => NonZeroUsize::MIN,
    }
}
