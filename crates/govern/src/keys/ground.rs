//! On what ground staff end a key, in words its owner reads: he is told what was found, and never guesses it from what he is asked.
//!
//! What staff write for one another stays inside; of this a word is chosen, and whoever decides sees it before he agrees.

use serde::{Deserialize, Serialize};

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// Somebody else knows its secret, without its owner's will.
    SecretOut,
    /// Somebody else than its owner uses it, and nobody of that is on record.
    UsedByOthers,
    /// What it was used for is not allowed.
    ProhibitedUse,
    /// Its owner was asked to show that he uses it himself, and it was not shown.
    ControlNotShown,
}

impl Ground {
    /// Every one.
    pub const ALL: [Self; 4] =
        [Self::SecretOut, Self::UsedByOthers, Self::ProhibitedUse, Self::ControlNotShown];

    /// The sentence that its owner reads.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::SecretOut => "key.ground.secret_out",
            Self::UsedByOthers => "key.ground.used_by_others",
            Self::ProhibitedUse => "key.ground.prohibited_use",
            Self::ControlNotShown => "key.ground.control_not_shown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notices::NoticeText;
    use crate::notices::words::{About, letter};
    use sumun_model::Lang;

    #[test]
    fn every_ground_is_told_in_both_languages() {
        let told = Ground::ALL.map(|ground| {
            [Lang::Ko, Lang::En].map(|lang| {
                let texts = [NoticeText::new(ground.sentence())];
                letter("key.expired", &texts, About { id: "K1", shown: "K1" }, "Example", lang).body.concat()
            })
        });
        assert!(told.iter().flatten().all(|said| !said.contains("key.ground")), "{told:?}");
        insta::assert_snapshot!(told.map(|said| said.join("\n")).join("\n"));
    }
}
