//! The REST API, asked as a signed-in person would ask it. Every answer is kept, to be searched for secrets.

use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::path::PathBuf;

pub(crate) struct Rest {
    server: String,
    profiles: PathBuf,
    asked: Cell<u32>,
    answers: RefCell<Vec<String>>,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

impl Rest {
    /// With the sessions that `sumun login` keeps in this folder.
    pub(crate) fn new(server: &str, profiles: PathBuf) -> Self {
        Self { server: server.to_owned(), profiles, asked: Cell::new(0), answers: RefCell::default() }
    }

    pub(crate) fn ask(&self, who: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
        let profile = std::fs::read_to_string(self.profiles.join(format!("{who}.json"))).unwrap();
        let profile: Value = serde_json::from_str(&profile).unwrap();
        self.asked.set(self.asked.get() + 1);
        let request = http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.server))
            .header("Authorization", format!("Bearer {}", profile["token"].as_str().unwrap()))
            .header("Content-Type", "application/json");
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let answered = if method == "GET" {
            agent.run(request.body(()).unwrap())
        } else {
            let request = request.header("Idempotency-Key", format!("made-up-{:08}", self.asked.get()));
            let body = body.map(|body| body.to_string()).unwrap_or_default();
            agent.run(request.body(body).unwrap())
        };
        let mut answer = answered.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        let text = answer.body_mut().read_to_string().unwrap();
        self.answers.borrow_mut().push(text.clone());
        Answer { status: answer.status().as_u16(), text }
    }

    /// It must go well.
    pub(crate) fn must(&self, who: &str, method: &str, path: &str, body: Option<Value>) -> Value {
        let answer = self.ask(who, method, path, body);
        assert!((200..300).contains(&answer.status), "{who} {method} {path}: {}", answer.text);
        answer.json()
    }

    pub(crate) fn get(&self, who: &str, path: &str) -> Value {
        self.must(who, "GET", path, None)
    }

    /// It must be refused with this status; returns the problem's code.
    pub(crate) fn refused(&self, who: &str, path: &str, body: Option<Value>, status: u16) -> String {
        let answer = self.ask(who, "POST", path, body);
        assert_eq!(answer.status, status, "{who} POST {path}: {}", answer.text);
        answer.json()["code"].as_str().unwrap().to_owned()
    }

    /// All answers so far.
    pub(crate) fn answers(&self) -> Vec<String> {
        self.answers.borrow().clone()
    }
}
