//! Mail: one SMTP relay, spoken to with `lettre`. Its answer is the proof that it took a letter over.
//!
//! Never here: what a letter says, or an address in a log line.

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use std::time::Duration;
use sumun_govern::notices::deliver::{Addressee, Ready};
use sumun_govern::notices::words::bilingual;
use zeroize::Zeroizing;

/// How long a relay may take for one letter.
const RELAY: Duration = Duration::from_secs(20);

/// Where mail goes.
pub struct MailOptions {
    /// `smtp://host:port` (STARTTLS required unless the host is this machine) or `smtps://host:port`.
    pub url: String,
    /// Who it is from: `Sumun <no-reply@exchange.example>`.
    pub from: String,
    /// Name and password at the relay.
    pub credentials: Option<(String, Zeroizing<String>)>,
}

/// Why mail cannot be sent at all.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The relay's address.
    #[error(
        "`{0}` is not a mail relay: write `smtp://host:port` or `smtps://host:port`, without name or password"
    )]
    Url(String),
    /// The sender's address.
    #[error("`{0}` is not a mail address such as `Example Exchange <no-reply@exchange.example>`")]
    From(String),
    /// TLS cannot be had.
    #[error("the relay's TLS cannot be set up: {0}")]
    Tls(#[source] lettre::transport::smtp::Error),
}

/// Sends letters.
pub struct Mailer {
    relay: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mailer").finish_non_exhaustive()
    }
}

/// Why one letter did not leave.
#[derive(Debug)]
pub(super) struct NotSent {
    /// Whether trying again can help.
    pub(super) again: bool,
    /// The cause, without an address.
    pub(super) cause: String,
}

impl Mailer {
    /// A mailer for this relay; connects with the first letter.
    ///
    /// # Errors
    /// See [`MailError`].
    pub fn new(options: &MailOptions) -> Result<Self, MailError> {
        let wrong = || MailError::Url(options.url.chars().take(200).collect());
        let (scheme, rest) = options.url.split_once("://").ok_or_else(wrong)?;
        let authority: http::uri::Authority = rest.trim_end_matches('/').parse().map_err(|_| wrong())?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        if authority.as_str().contains('@') || host.is_empty() {
            return Err(wrong());
        }
        type Smtp = AsyncSmtpTransport<Tokio1Executor>;
        let own = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
        let builder = match scheme {
            "smtps" => Smtp::relay(host).map_err(MailError::Tls)?,
            // Nothing leaves the machine in the clear.
            "smtp" if own => Smtp::builder_dangerous(host),
            "smtp" => Smtp::starttls_relay(host).map_err(MailError::Tls)?,
            _ => return Err(wrong()),
        };
        let builder = match authority.port_u16() {
            Some(port) => builder.port(port),
            None => builder,
        };
        let builder = match &options.credentials {
            Some((name, password)) => {
                builder.credentials(Credentials::new(name.clone(), password.to_string()))
            }
            None => builder,
        };
        let from =
            options.from.parse().map_err(|_| MailError::From(options.from.chars().take(200).collect()))?;
        Ok(Self { relay: builder.timeout(Some(RELAY)).build(), from })
    }

    /// Sends a letter to everybody it is for; the relay's last answer.
    pub(super) async fn send(&self, ready: &Ready) -> Result<String, NotSent> {
        let mut answers = String::new();
        for to in &ready.to {
            let letter = self.letter(ready, to)?;
            let answer = self
                .relay
                .send(letter)
                .await
                .map_err(|error| NotSent { again: !error.is_permanent(), cause: plain(&error, to) })?;
            let said: Vec<&str> = answer.message().collect();
            answers = format!("{} {}", answer.code(), said.join(" "));
        }
        Ok(answers)
    }

    fn letter(&self, ready: &Ready, to: &Addressee) -> Result<Message, NotSent> {
        let never = |cause: &str| NotSent { again: false, cause: cause.to_owned() };
        let address: Address = to.email.parse().map_err(|_| never("the mail address on record is none"))?;
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, address))
            // The same notice sent twice is the same message.
            .message_id(Some(format!("<{}.{}@sumun>", ready.notice, to.person)))
            .subject(ready.ko.subject.clone())
            .header(ContentType::TEXT_PLAIN)
            .body(bilingual(&ready.ko, &ready.en))
            .map_err(|error| never(&error.to_string()))
    }
}

/// The cause without the address: a relay likes to repeat it.
fn plain(error: &lettre::transport::smtp::Error, to: &Addressee) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text.replace(&to.email, "<address>")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(url: &str, from: &str) -> MailOptions {
        MailOptions { url: url.to_owned(), from: from.to_owned(), credentials: None }
    }

    #[tokio::test]
    async fn what_is_no_relay_is_said() {
        let from = "Example <no-reply@exchange.example>";
        for bad in ["mail.example", "http://mail.example:25", "smtp://name:word@mail.example", "smtp://"] {
            let error = Mailer::new(&options(bad, from)).unwrap_err();
            assert!(matches!(error, MailError::Url(_)), "{bad}: {error}");
        }
        assert!(matches!(Mailer::new(&options("smtp://127.0.0.1:25", "nobody")), Err(MailError::From(_))));
        assert!(Mailer::new(&options("smtp://127.0.0.1:2525", from)).is_ok());
        assert!(Mailer::new(&options("smtps://mail.example", from)).is_ok());
    }
}
