//! TLS to the brokers, in a bridge that was built with it. librdkafka's mock cluster speaks none, so that what ends TLS stands before it and
//! puts its own port in the place of the broker's wherever the cluster says where it is.
//!
//! Certificates are made by the command `openssl` for each run. A password (SASL) is in no test: the mock cluster asks for none.

use crate::cluster::Cluster;
use crate::process::Process;
use crate::states::{SECRET, TOPIC, send_text, signed};
use crate::until;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// A certificate that is its own authority, and its key: `NAME.pem`, `NAME.key`.
fn certificate(folder: &Path, name: &str, host: &str) {
    let (key, out, subject) =
        (format!("{name}.key"), format!("{name}.pem"), format!("subjectAltName={host}"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
        ])
        .args(["-subj", "/CN=made up", "-addext", &subject, "-keyout", &key, "-out", &out])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// Ends TLS before the one broker of this cluster; returns where.
fn before(cluster: &Cluster, folder: &Path, name: &str) -> SocketAddr {
    let certificate = CertificateDer::from_pem_file(folder.join(format!("{name}.pem"))).unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.join(format!("{name}.key"))).unwrap();
    let config =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let broker: SocketAddr = cluster.brokers().parse().unwrap();
    std::thread::spawn(move || {
        for near in listener.incoming().flatten() {
            let tls = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            std::thread::spawn(move || pass(rustls::StreamOwned::new(tls, near), broker, at));
        }
    });
    at
}

/// Both ways, by turns; what comes from the broker frame by frame. Ends when either side does.
fn pass(
    mut near: rustls::StreamOwned<rustls::ServerConnection, TcpStream>,
    broker: SocketAddr,
    at: SocketAddr,
) {
    let mut far = TcpStream::connect(broker).unwrap();
    let turn = Some(Duration::from_millis(5));
    near.sock.set_read_timeout(turn).unwrap();
    far.set_read_timeout(turn).unwrap();
    let (mut bytes, mut came) = (vec![0; 64 << 10], Vec::new());
    let waits = |error: &std::io::Error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
    loop {
        match near.read(&mut bytes) {
            Ok(0) => return,
            Ok(count) => far.write_all(&bytes[..count]).unwrap(),
            Err(error) if waits(&error) => {}
            Err(_) => return,
        }
        match far.read(&mut bytes) {
            Ok(0) => return,
            Ok(count) => came.extend_from_slice(&bytes[..count]),
            Err(error) if waits(&error) => {}
            Err(_) => return,
        }
        while let Some(length) = came.first_chunk().map(|length| u32::from_be_bytes(*length) as usize + 4) {
            if came.len() < length {
                break;
            }
            let mut frame: Vec<u8> = came.drain(..length).collect();
            put_in_place(&mut frame, broker, at);
            if near.write_all(&frame).is_err() {
                return;
            }
        }
    }
}

/// Wherever the broker's address stands (a name, then four bytes of port), the other port.
fn put_in_place(frame: &mut [u8], broker: SocketAddr, at: SocketAddr) {
    let said =
        |address: SocketAddr| [b"127.0.0.1".as_slice(), &u32::from(address.port()).to_be_bytes()].concat();
    let (from, to) = (said(broker), said(at));
    let found: Vec<usize> = frame
        .windows(from.len())
        .enumerate()
        .filter(|(_, window)| *window == from)
        .map(|(at, _)| at)
        .collect();
    for at in found {
        frame[at..at + to.len()].copy_from_slice(&to);
    }
}

/// The bridge's own file; the authority is named as its folder has it.
fn bridge(folder: &Path, brokers: SocketAddr, authority: &str) -> Process {
    std::fs::write(folder.join("states-webhook.txt"), SECRET).unwrap();
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(folder.join("states-webhook.txt"), private).unwrap();
    let config = format!(
        "[kafka]\nbrokers = \"{brokers}\"\nproperties = {{ \"security.protocol\" = \"SSL\", \"ssl.ca.location\" = \"{authority}\" }}\n\
         [states]\nlisten = \"127.0.0.1:0\"\ntopic = \"{TOPIC}\"\nsecret_file = \"states-webhook.txt\"\n"
    );
    std::fs::write(folder.join("kafka.toml"), config).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sumun-kafka"));
    // From elsewhere: a relative path starts at the file's folder.
    command.args(["states", "--config"]).arg(folder.join("kafka.toml")).current_dir("/").env_clear();
    Process::begin(command)
}

#[test]
fn over_tls_a_state_is_written_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = Cluster::start(&[(TOPIC, 3)]);
    certificate(folder.path(), "broker", "IP:127.0.0.1");
    let at = before(&cluster, folder.path(), "broker");
    for (version, target) in [(1, "held"), (2, "live")] {
        // The second time it reads over TLS what the first one wrote.
        let mut bridge = bridge(folder.path(), at, "broker.pem");
        bridge.wait_ready();
        assert_eq!(bridge.ready["keys"], version - 1);
        let listens = bridge.ready["listen"].as_str().unwrap();
        let body = json!({ "type": "key.state", "timestamp": "2026-11-20T09:00:00Z", "data": { "key": "K1", "version": version, "target": target } });
        let (body, now) = (body.to_string(), signed::now());
        let (status, answer) = send_text(listens, &body, &signed::by(SECRET, &body, &now), &now);
        assert_eq!((status, &answer["version"]), (200, &json!(version)), "{answer}");
        let (status, said) = bridge.stop();
        assert!(status.success(), "{said}");
    }
    let read = cluster.read(TOPIC, 3);
    assert_eq!(read.iter().map(|one| one.data()["target"].clone()).collect::<Vec<_>>(), ["held", "live"]);
}

#[test]
fn a_broker_of_another_authority_or_name_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = Cluster::start(&[(TOPIC, 3)]);
    certificate(folder.path(), "broker", "IP:127.0.0.1");
    certificate(folder.path(), "other", "IP:127.0.0.1");
    certificate(folder.path(), "elsewhere", "DNS:broker.example.test");
    for (broker, authority) in [("broker", "other.pem"), ("elsewhere", "elsewhere.pem")] {
        let at = before(&cluster, folder.path(), broker);
        let bridge = bridge(folder.path(), at, authority);
        until("the certificate to be refused", || {
            bridge.said().contains("certificate verify failed").then_some(())
        });
        bridge.says("Kafka does not answer", 1);
        assert!(bridge.ready.is_null());
        assert_eq!(bridge.said().matches("\"level\":\"WARN\"").count(), 2, "said once: {}", bridge.said());
    }
}
