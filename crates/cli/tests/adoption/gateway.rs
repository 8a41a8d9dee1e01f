//! The exchange's own gateway: a real nginx before its API, by the shipped `nginx-front.conf` with other addresses, with its log in the format
//! that the mapping `nginx-json` ships, rotated as logrotate does. What it does for the pilot from week 5 on is the plan's: `behind.conf` and the shipped `nginx-vouched.conf`.

use crate::exchange::Exchange;
use crate::waiting::until;
use flate2::{Compression, write::GzEncoder};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Its configuration, as the plan links it.
const SHIPPED: &str = include_str!("../../../../docs/adopt/fronts/nginx-front.conf");
/// Rotated files that are kept.
const KEPT: usize = 30;
/// Whose log lines are the tap's, and where a request goes, before the plan says otherwise.
const BEHIND: &str = "map $exchange_account $behind {\n    default  http://API;\n}\nmap $behind $tapped {\n    default  1;\n}\n";

pub(crate) struct Gateway {
    master: Child,
    pub(crate) at: SocketAddr,
    log: PathBuf,
}

/// An address that is free, of a part of this machine's own network that nobody else binds to, so that it stays so.
pub(crate) fn free() -> SocketAddr {
    TcpListener::bind("127.0.77.1:0").unwrap().local_addr().unwrap()
}

/// The format, as the mapping's file has it, of an exchange that knows key and account by these names.
fn log_format() -> String {
    let mapping = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../mappings/nginx-json.toml");
    let text = std::fs::read_to_string(mapping).unwrap();
    let comment = text.lines().map(|line| line.trim_start_matches(['#', ' ']));
    let mut lines = Vec::new();
    for line in comment.skip_while(|line| !line.starts_with("log_format sumun")) {
        lines.push(line);
        if line.ends_with(';') {
            break;
        }
    }
    let format = lines.join("\n");
    assert!(format.contains("$key_hash") && format.contains("$account_hash"), "{format}");
    format.replace("$key_hash", "$exchange_key").replace("$account_hash", "$exchange_account")
}

impl Gateway {
    /// Serves before this exchange, from the folder `front` of this place, and writes `log/access.json` there.
    pub(crate) fn open(place: &Path, exchange: &Exchange) -> Self {
        let (folder, at) = (place.join("front"), free());
        // Its workers would be another user, who cannot enter the place.
        let user = if std::fs::metadata(place).unwrap().uid() == 0 { "user root;\n" } else { "" };
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("    {kind}_temp_path {kind};\n"))
            .concat();
        let shipped: Vec<&str> = SHIPPED.lines().map(str::trim).collect();
        assert!(
            shipped.join("\n").contains(&log_format()),
            "nginx-front.conf should log as the mapping reads"
        );
        let mut text = format!("{user}daemon off;\n{SHIPPED}");
        let (keys, listen) = (format!("server {};", exchange.back_office), format!("listen {at};"));
        for (what, instead) in [
            ("http {\n", format!("http {{\n{temporary}").as_str()),
            ("server 127.0.0.1:9002;", &keys),
            // Nobody waits on a connection that a reload would close.
            ("listen 127.0.0.1:8088;", &format!("{listen}\n        keepalive_timeout 0;")),
            ("http://keys/whose", "http://keys/_mock/whose"),
        ] {
            assert_eq!(text.matches(what).count(), 1, "{what}");
            text = text.replace(what, instead);
        }
        std::fs::write(folder.join("nginx.conf"), text).unwrap();
        std::fs::write(folder.join("behind.conf"), BEHIND.replace("API", &exchange.api.to_string())).unwrap();
        let program = ["/usr/sbin/nginx", "nginx"].into_iter().find(|path| Path::new(path).exists());
        let mut command = Command::new(program.unwrap_or("nginx"));
        command.args(["-p", "front", "-c", "nginx.conf", "-e", "error.log"]).current_dir(place);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit());
        let master = command.spawn().unwrap_or_else(|error| {
            panic!("nginx cannot be run: {error}; `cargo xtask setup` brings it");
        });
        let mut gateway = Self { master, at, log: place.join("log/access.json") };
        until("the exchange's own gateway to serve", || {
            let ended = gateway.master.try_wait().unwrap();
            assert!(ended.is_none(), "nginx ended: {ended:?}");
            TcpStream::connect(at).ok()
        });
        gateway
    }

    fn is_told(&self, signal: &str) {
        let kill = format!("kill -{signal} {}", self.master.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success(), "{kill}");
    }

    fn rotated(&self, number: usize, ending: &str) -> PathBuf {
        PathBuf::from(format!("{}.{number}{ending}", self.log.display()))
    }

    /// Rotates its log: names move on by one, nginx opens a new file, and the one before the last is packed.
    pub(crate) fn rotates(&self) {
        for number in (1..KEPT).rev() {
            for ending in ["", ".gz"] {
                let _ = std::fs::rename(self.rotated(number, ending), self.rotated(number + 1, ending));
            }
        }
        std::fs::rename(&self.log, self.rotated(1, "")).unwrap();
        self.is_told("USR1");
        until("nginx to open a new log", || self.log.exists().then_some(()));
        let old = self.rotated(2, "");
        if let Ok(text) = std::fs::read(&old) {
            let mut packed =
                GzEncoder::new(std::fs::File::create(self.rotated(2, ".gz")).unwrap(), Compression::fast());
            packed.write_all(&text).unwrap();
            packed.finish().unwrap();
            std::fs::remove_file(old).unwrap();
        }
    }

    /// All lines it has written, the oldest first.
    pub(crate) fn lines(&self) -> Vec<serde_json::Value> {
        let mut text = String::new();
        for number in (1..=KEPT).rev() {
            if let Ok(packed) = std::fs::File::open(self.rotated(number, ".gz")) {
                flate2::read::GzDecoder::new(packed).read_to_string(&mut text).unwrap();
            } else if let Ok(plain) = std::fs::read_to_string(self.rotated(number, "")) {
                text += &plain;
            }
        }
        text += &std::fs::read_to_string(&self.log).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
            .collect()
    }

    /// How many files its log is in.
    pub(crate) fn files(&self) -> usize {
        let stands = |number: &usize| ["", ".gz"].iter().any(|ending| self.rotated(*number, ending).exists());
        (1..=KEPT).filter(stands).count() + 1
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // Killed, its master would leave its workers behind.
        let told = Command::new("sh").args(["-c", &format!("kill -TERM {}", self.master.id())]).status();
        if told.is_ok_and(|status| status.success()) {
            let _ = self.master.wait();
        }
    }
}
