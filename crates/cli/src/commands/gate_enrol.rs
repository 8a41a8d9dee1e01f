//! `sumun gate enrol`: make a gate known to govern, once.

use super::ConfigArguments;
use crate::client::asker::Asker;
use crate::client::{Call, Client};
use crate::enrolment::{Enrolment, read_key, write_key};
use crate::exit::{BadInput, Failed};
use crate::{clock, entropy, output};
use sumun_feed::{EnrolmentAnswer, EnrolmentRequest, SigningKey};

/// Enrol this gate with govern, once, so that it may follow the feed of keys.
///
/// It makes the key this gate signs with (`gate.key` in `data_dir`, readable by its owner only, never sent anywhere), shows
/// govern that it holds it, and keeps what it is told: the venue, and the key that signs the feed. A gate whose key is lost is
/// invited and enrolled anew.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  sumun gate enrol --server http://127.0.0.1:8070 --invite sumun_gin_madeup"
)]
pub struct Arguments {
    #[command(flatten)]
    config: ConfigArguments,
    /// The server, http://host:port [default: `gate.feed.url`]
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// What `sumun gates invite` printed; it can be used once
    #[arg(long, value_name = "TOKEN")]
    invite: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs it.
///
/// # Errors
/// The gate is enrolled already, a file cannot be written, or the server refused.
pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    let config = arguments.config.load(Vec::new())?.config;
    let enrolled = config.enrolment_file();
    if enrolled.exists() {
        return Err(BadInput(format!(
            "`{}` is there already: this gate is enrolled. Move it and `{}` away if it is to be enrolled anew",
            enrolled.display(),
            config.gate_key_file().display()
        ))
        .into());
    }
    let server = match (arguments.server, &config.gate.feed.url) {
        (Some(server), _) => server,
        (None, Some(url)) => url.to_string(),
        (None, None) => {
            return Err(BadInput("name the server with `--server`, or in `gate.feed.url`".to_owned()).into());
        }
    };
    let client = Client::new(&server, (None, Asker::Nobody), arguments.json)?;
    std::fs::create_dir_all(&config.data_dir)
        .map_err(|error| Failed(format!("cannot make `{}`: {error}", config.data_dir.display())))?;
    let path = config.gate_key_file();
    // One that is there is of an attempt whose answer was lost: the same invite may still be good for it.
    let key = if path.exists() {
        read_key(&path)?
    } else {
        let key = SigningKey::from_seed(&*entropy::draw::<32>()?);
        write_key(&path, &key)?;
        key
    };
    let request = EnrolmentRequest::new(&key, &arguments.invite, clock::now())?;
    let answer = client.send(&Call::post(&["gates", "enrol"], serde_json::to_value(&request)?))?;
    let answer: EnrolmentAnswer = serde_json::from_value(answer.json).map_err(|error| {
        Failed(format!(
            "`{server}` answered something else than an enrolment: {error}; is it a Sumun server?"
        ))
    })?;
    let enrolment = Enrolment::from(answer);
    enrolment.save(&config)?;
    if arguments.json {
        output::json(&enrolment)?;
    } else {
        let mut text = format!(
            "Enrolled as gate `{}` of venue `{}`.\nIts key is in `{}`; keep it on this machine.\n",
            enrolment.gate,
            enrolment.venue,
            path.display()
        );
        if enrolment.gate != config.gate.id {
            text.push_str(&format!(
                "Set `gate.id = \"{}\"`: it is `{}` now.\n",
                enrolment.gate, config.gate.id
            ));
        }
        if config.gate.feed.url.is_none() {
            text.push_str(&format!("Set `gate.feed.url = \"{server}\"` and start it with `sumun gate`.\n"));
        }
        output::text(&text)?;
    }
    Ok(())
}
