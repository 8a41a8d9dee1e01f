//! What a plan warns of, in words of both languages, where more than one who plans should read it. A plan keeps the English sentence; by it
//! the code and the Korean one are found.
//!
//! Never here: a refusal. What is warned of here is allowed.

/// One warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Warned {
    /// Its code.
    pub code: &'static str,
    /// Korean.
    pub ko: &'static str,
    /// English, as the plan has it.
    pub en: &'static str,
}

/// What is decided is told to the owner.
pub const OWNER_TOLD: Warned = Warned {
    code: "owner_told",
    ko: "시행되면 바로 소유자에게 이 조치와 그 이유, 이의 제기 방법을 알립니다.",
    en: "as soon as it takes effect its owner is told of it, why, and how to object",
};

/// The owner objects, and nobody has answered.
pub const OBJECTION_OPEN: Warned = Warned {
    code: "objection_open",
    ko: "아직 답하지 않은 소유자의 이의 제기가 있습니다. 결정하기 전에 읽어 주십시오.",
    en: "an objection of its owner waits for an answer: read it before you decide",
};

/// A check of another key is open, so that a new one only reads and cancels.
pub const FOLLOWS_CUT: Warned = Warned {
    code: "measure_follows_cut",
    ko: "고객님의 다른 키에 대한 확인이 아직 끝나지 않았습니다. 이 키도 그 확인이 끝날 때까지 조회와 주문 취소만 됩니다.",
    en: "a check of another key of yours is still open, so this one too only reads and cancels until it is done",
};

/// A warning about another key is open, and holds for a new one.
pub const FOLLOWS_WARNING: Warned = Warned {
    code: "measure_follows_warning",
    ko: "고객님의 다른 키에 대한 경고가 아직 끝나지 않았습니다. 이 키에도 그 경고가 이어지지만, 쓰시는 데 제한은 없습니다.",
    en: "a warning about another key of yours is still open, and goes on with this one; nothing is restricted by it",
};

/// Every one.
pub const ALL: &[Warned] = &[OWNER_TOLD, OBJECTION_OPEN, FOLLOWS_CUT, FOLLOWS_WARNING];

/// The words of a plan's warning; none of one that has no words of its own.
#[must_use]
pub fn said(warning: &str) -> Option<Warned> {
    ALL.iter().find(|known| known.en == warning).copied()
}
