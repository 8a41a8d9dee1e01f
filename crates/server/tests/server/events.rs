//! Events come in: from whom, in what order, signed over what.

use crate::bench::{Answered, Bench};
use http::Request;
use std::collections::BTreeMap;
use std::sync::Mutex;
use sumun_feed::{content_digest, request_events};
use sumun_govern::Role;
use sumun_server::events::{
    Batch, Detecting, EventLog, EventsError, FilesTold, History, Source, Standing, Taken, Taking,
};

/// A log in memory.
#[derive(Default)]
pub(crate) struct MemoryLog(pub(crate) Mutex<Held>, pub(crate) Mutex<Option<History>>);

/// How far each source is, the lines, and what was told of files.
pub(crate) type Held = (BTreeMap<String, u64>, Vec<String>, Option<FilesTold>);

impl EventLog for MemoryLog {
    fn take(&self, batch: Batch) -> Taking<'_> {
        Box::pin(async move {
            let mut log = self.0.lock().unwrap();
            let (held, texts, files) = &mut *log;
            let held = held.entry(batch.source).or_default();
            if batch.after > *held {
                return Err(EventsError::Gap { after: batch.after, held: *held });
            }
            let mut taken = Taken { held: *held, taken: 0, skipped: 0 };
            for line in batch.lines {
                if line.position <= *held {
                    taken.skipped += 1;
                    continue;
                }
                *held = line.position;
                texts.push(line.text);
                taken.taken += 1;
            }
            *files = batch.files.or(*files);
            taken.held = *held;
            Ok(taken)
        })
    }

    fn sources(&self) -> Vec<Source> {
        let log = self.0.lock().unwrap();
        let source = |(source, held): (&String, &u64)| Source {
            source: source.clone(),
            held: *held,
            files: log.2,
            ..Source::default()
        };
        log.0.iter().map(source).collect()
    }

    fn standing(&self) -> Standing {
        let detecting = Detecting { history: *self.1.lock().unwrap(), ..Detecting::default() };
        Standing { detecting: Some(detecting).filter(|it| it.history.is_some()), ..Standing::default() }
    }
}

const SESSION: &str =
    r#"{"type":"session","id":"s1","ts":"2026-11-02T00:00:00Z","account":"A1","action":"login"}"#;
const ACCESS: &str = r#"{"type":"access","id":"a1","ts":"2026-11-02T00:00:00Z","gate":"g1","key":"K1"}"#;

async fn send(bench: &Bench, target: &str, token: &str, digest: Option<&str>, body: &str) -> Answered {
    let mut request = Request::post(target)
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/x-ndjson");
    if let Some(digest) = digest {
        request = request.header("content-digest", digest);
    }
    bench.send_raw(request.body(body.to_owned().into()).unwrap()).await
}

fn shown(answered: &Answered) -> String {
    let what = match answered.code() {
        "" => answered.text.clone(),
        code => format!("{code}: {}", answered.json["detail"].as_str().unwrap()),
    };
    format!("{} {what}", answered.status.as_u16())
}

#[tokio::test]
async fn a_back_end_resumes_where_it_was() {
    let bench = Bench::new().await;
    let token = bench.machine(Role::ExchangeBackend).await;
    let mut told = Vec::new();
    for (target, body) in [
        ("/v1/events?from=1", String::new()),
        ("/v1/events?from=1", format!("{SESSION}\n{SESSION}\n")),
        ("/v1/events?from=2", format!("{SESSION}\n{SESSION}\n")),
        ("/v1/events?from=9", SESSION.to_owned()),
        ("/v1/events?from=9&after=3", SESSION.to_owned()),
        ("/v1/events?from=9&after=9", SESSION.to_owned()),
        ("/v1/events?from=1&log=orders", SESSION.to_owned()),
        ("/v1/events?from=1&log=a:b", SESSION.to_owned()),
        ("/v1/events?from=0", SESSION.to_owned()),
        ("/v1/events?from=10", format!("{SESSION}\n{ACCESS}\n")),
    ] {
        told.push(format!("{target} {}", shown(&send(&bench, target, &token, None, &body).await)));
    }
    let wrong = content_digest(b"something else");
    told.push(shown(&send(&bench, "/v1/events?from=10", &token, Some(&wrong), SESSION).await));
    insta::assert_snapshot!(told.join("\n"));
    assert_eq!(bench.events.0.lock().unwrap().1.len(), 5);
}

#[tokio::test]
async fn a_gate_signs_path_query_and_body_and_may_repeat_itself() {
    let bench = Bench::new().await;
    bench.enrol().await;
    let (target, digest) = ("/v1/events?from=1&log=0a0b", content_digest(ACCESS.as_bytes()));
    let proof = bench.proof(&request_events(target, &digest));
    let taken = send(&bench, target, &proof, Some(&digest), ACCESS).await.is(200);
    assert_eq!((&taken.json["taken"], &taken.json["source"]), (&1.into(), &"gate:g1:0a0b".into()));
    // The same again does the same: nothing.
    let again = send(&bench, target, &proof, Some(&digest), ACCESS).await.is(200);
    assert_eq!((&again.json["taken"], &again.json["skipped"]), (&0.into(), &1.into()));
    // Another place, another body, or another request is not what was signed.
    send(&bench, "/v1/events?from=2&log=0a0b", &proof, Some(&digest), ACCESS).await.is(401);
    let other = ACCESS.replace("K1", "K2");
    assert_eq!(send(&bench, target, &proof, Some(&digest), &other).await.code(), "digest_mismatch");
    let digest_of_other = content_digest(other.as_bytes());
    send(&bench, target, &proof, Some(&digest_of_other), &other).await.is(401);
    send(&bench, target, &proof, None, ACCESS).await.is(401);
    send(&bench, target, &bench.proof("POST /v1/events"), None, ACCESS).await.is(401);
    // A proof without a digest says nothing of the body.
    let bare = bench.proof(&request_events(target, ""));
    assert_eq!(send(&bench, target, &bare, None, ACCESS).await.code(), "digest_missing");
}

#[tokio::test]
async fn a_batch_may_come_packed_and_a_tap_says_how_far_it_is() {
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    let bench = Bench::new().await;
    let token = bench.machine(Role::ExchangeBackend).await;
    let packed = |text: &str| {
        let mut out = GzEncoder::new(Vec::new(), Compression::best());
        out.write_all(text.as_bytes()).unwrap();
        out.finish().unwrap()
    };
    let send = async |target: &str, encoding: &str, body: Vec<u8>| {
        let request = Request::post(target)
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/x-ndjson")
            .header("content-encoding", encoding)
            .header("content-digest", content_digest(&body));
        bench.send_raw(request.body(body.into()).unwrap()).await
    };
    let two = packed(&format!("{SESSION}\n{SESSION}\n"));
    let told = "bytes_behind=7&bytes_lost=5&holes=1&lines_refused=3";
    let taken = send(&format!("/v1/events?from=1&{told}"), "gzip", two.clone()).await.is(200);
    assert_eq!((&taken.json["taken"], &taken.json["skipped"]), (&2.into(), &0.into()));
    let again = send("/v1/events?from=1", "gzip", two.clone()).await.is(200);
    assert_eq!((&again.json["taken"], &again.json["skipped"]), (&0.into(), &2.into()));

    let cut = send("/v1/events?from=3", "gzip", two[..two.len() - 9].to_vec()).await;
    assert_eq!((cut.status.as_u16(), cut.code()), (400, "body_damaged"));
    let bomb = packed(&"a".repeat(20 << 20));
    let bomb = send("/v1/events?from=3", "gzip", bomb).await;
    assert_eq!((bomb.status.as_u16(), bomb.code()), (413, "unpacked_too_large"));
    let brotli = send("/v1/events?from=3", "br", b"x".to_vec()).await;
    assert_eq!((brotli.status.as_u16(), brotli.code()), (415, "content_encoding"));
    let zstd =
        ruzstd::encoding::compress_to_vec(SESSION.as_bytes(), ruzstd::encoding::CompressionLevel::Fastest);
    assert_eq!(send("/v1/events?from=3", "zstd", zstd).await.is(200).json["taken"], 1);
    assert_eq!(bench.events.0.lock().unwrap().1.len(), 3);

    let analyst = bench.staff(Role::Analyst, "ann").await;
    let sources = bench.send("GET", "/v1/events/sources", &analyst, None).await.is(200);
    let files = &sources.json["items"][0]["files"];
    assert_eq!(
        files,
        &serde_json::json!({"bytes_behind": 7, "bytes_lost": 5, "holes": 1, "lines_refused": 3, "found": null})
    );
}

#[tokio::test]
async fn an_exchange_s_own_access_log_is_taken_and_no_gate_s() {
    let bench = Bench::new().await;
    bench.enrol().await;
    let token = bench.machine(Role::ExchangeBackend).await;
    let named = |gate: &str, source: &str| {
        ACCESS.replace(r#""gate":"g1""#, &format!(r#""gate":"{gate}","source":"{source}""#))
    };
    let taken = send(&bench, "/v1/events?from=1&log=front", &token, None, &named("nginx", "front-1")).await;
    assert_eq!(taken.is(200).json["taken"], 1);
    for line in [named("g1", "front-1"), named("nginx", "g1"), ACCESS.replace("g1", "nginx")] {
        let refused = send(&bench, "/v1/events?from=2&log=front", &token, None, &line).await;
        assert_eq!(refused.code(), "line_refused", "{line}");
    }
    // Every gate's name is its own: the hundred and first's, one's that is not there yet, and one's that is gone.
    for number in 0..101 {
        bench.gate(&format!("many-{number:03}"), "enrolled").await;
    }
    bench.gate("soon", "invited").await;
    bench.gate("was", "revoked").await;
    for gate in ["many-100", "soon", "was"] {
        for line in [named(gate, "front-1"), named("nginx", gate)] {
            let body = format!("{}\n{line}\n", named("nginx", "front-1"));
            let refused = send(&bench, "/v1/events?from=2&log=front", &token, None, &body).await;
            assert_eq!(
                (refused.code(), refused.json["pointer"].as_str()),
                ("line_refused", Some("line 2")),
                "{line}"
            );
        }
    }
    assert_eq!(bench.events.0.lock().unwrap().1.len(), 1);
    // A line ahead of our clock has a code of its own: its sender waits.
    let ahead = named("nginx", "front-1").replace("2026-11-02", "2026-11-03");
    let refused = send(&bench, "/v1/events?from=2&log=front", &token, None, &ahead).await;
    assert_eq!((refused.code(), refused.json["pointer"].as_str()), ("line_ahead", Some("line 1")));
}
