//! The mail relay that the configuration names, if it names one.

use crate::config::Config;
use crate::exit::BadInput;
use sumun_server::{MailOptions, Mailer};

/// The relay; none if none is named. It is asked for the first time when a notice leaves.
///
/// # Errors
/// What is wrong with its address, its sender or its credentials.
pub(super) fn relay(config: &Config) -> Result<Option<Mailer>, BadInput> {
    let notices = &config.notices;
    let Some(url) = &notices.smtp_url else { return Ok(None) };
    let from = notices.smtp_from.as_ref().ok_or_else(|| {
        BadInput("`notices.smtp_url` is set and `notices.smtp_from` is not; say who mail is from".to_owned())
    })?;
    let credentials = match &notices.smtp_user {
        None => None,
        Some(user) => {
            let variable = &notices.smtp_password_env;
            let password = std::env::var(variable).map_err(|_| {
                BadInput(format!(
                    "`notices.smtp_user` is set and the environment variable `{variable}` holds no password; set it, or take the \
                     user out"
                ))
            })?;
            Some((user.clone(), password.into()))
        }
    };
    let options = MailOptions { url: url.clone(), from: from.clone(), credentials };
    Mailer::new(&options).map(Some).map_err(|error| BadInput(format!("`[notices]`: {error}")))
}
