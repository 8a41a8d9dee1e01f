//! Which lines an explanation is made of: a file, an event log, or history and the event log behind it; and whether live detection knows
//! history that is not among them.

use crate::config::Config;
use crate::exit::BadInput;
use crate::findings::told::Read;
use crate::roles::detect::seam::Seam;
use crate::roles::detect::snapshot;
use serde::Serialize;
use std::path::{Path, PathBuf};
use sumun_model::{Lang, Timestamp};

/// What was named.
pub(super) struct Sources {
    logs: Vec<PathBuf>,
    /// Of an event log's folder: what live detection knows from before it.
    seam: Option<Seam>,
}

/// History that live detection knows and that is not read.
#[derive(Debug, Serialize)]
pub(super) struct Unread {
    /// When its last line happened.
    to: Timestamp,
    /// Its lines in their order, if they were kept.
    merged: Option<PathBuf>,
    /// The event log that is read alone.
    #[serde(skip)]
    events: PathBuf,
}

/// Of an event log, what live detection took up before it: its snapshots stand where the configuration says, or beside.
fn seam_of(events: &Path, config: Option<&Config>) -> Option<Seam> {
    let same = |config: &&Config| {
        std::fs::canonicalize(config.events_dir()).ok() == std::fs::canonicalize(events).ok()
    };
    let detect = match config.filter(same) {
        Some(config) => config.detect_dir(),
        None => events.parent()?.join("detect"),
    };
    snapshot::newest_head(&detect)?.seam
}

impl Sources {
    /// Looks what there is.
    ///
    /// # Errors
    /// Something is not there, or the one does not go on behind the other.
    pub(super) fn of(logs: Vec<PathBuf>, config: Option<&Config>) -> anyhow::Result<Self> {
        if let Some(log) = logs.iter().find(|log| !log.exists()) {
            let told = format!(
                "there is no log at `{}`; name a file of lines or a folder with `--log`",
                log.display()
            );
            return Err(BadInput(told).into());
        }
        let folder = logs.last().filter(|log| log.is_dir());
        let seam = folder.and_then(|folder| seam_of(folder, config));
        let sources = Self { logs, seam };
        sources.read()?;
        Ok(sources)
    }

    /// Where lines are read.
    ///
    /// # Errors
    /// The one does not go on behind the other.
    pub(super) fn read(&self) -> anyhow::Result<Read<'_>> {
        match (self.logs.as_slice(), &self.seam) {
            ([log], _) if log.is_dir() => Ok(Read::Folder(log)),
            ([log], _) => Ok(Read::File(log)),
            ([file, folder], Some(seam)) if file.is_file() && folder.is_dir() => {
                Ok(Read::History(file, folder, seam))
            }
            ([file, folder], None) if file.is_file() && folder.is_dir() => Err(BadInput(format!(
                "nothing says which lines of `{}` stand behind `{}`: live detection has taken up no history. Name one of them",
                folder.display(),
                file.display()
            ))
            .into()),
            _ => Err(BadInput(
                "`--log` is given once; or twice, first the lines of a back-fill and then the event log's folder".to_owned(),
            )
            .into()),
        }
    }

    /// History that counted at this instant and is not read. Live detection forgets a key unseen for so long.
    ///
    /// # Errors
    /// The instant lies in history, of which the event log has nothing, or half.
    pub(super) fn unread(&self, at: Timestamp, forget_after_s: u32) -> anyhow::Result<Option<Unread>> {
        let ([events], Some(seam)) = (self.logs.as_slice(), &self.seam) else { return Ok(None) };
        let merged = seam.merged.clone().filter(|merged| merged.is_file());
        let unread = Unread { to: seam.ended, merged, events: events.clone() };
        if at <= seam.ended {
            let how = match &unread.merged {
                Some(merged) => format!("name its lines: `--log {}`", merged.display()),
                None => NOT_KEPT.to_owned(),
            };
            return Err(BadInput(format!(
                "live detection read what happened up to {} from past logs, and the event log alone does not tell what was known at {at}; {how}",
                seam.ended
            ))
            .into());
        }
        let reaches = at.plus_micros(-i64::from(forget_after_s) * 1_000_000) <= seam.ended;
        Ok(reaches.then_some(unread))
    }
}

/// Where they were not kept.
const NOT_KEPT: &str = "its lines were not kept in their order (`sumun backfill --merged` does), or were moved: name them with `--log`";

impl Unread {
    /// In words.
    pub(super) fn told(&self, lang: Lang) -> String {
        let Self { to, merged, events } = self;
        let events = events.display();
        match (lang, merged.as_ref().map(|merged| merged.display())) {
            (Lang::En, Some(merged)) => format!(
                "explained from the event log alone. Live detection also knows what happened up to {to}, from past logs; to explain with that, add \
                 `--log {merged} --log {events}`"
            ),
            (Lang::En, None) => format!(
                "explained from the event log alone. Live detection also knows what happened up to {to}, from past logs, whose lines were not kept \
                 in their order (`sumun backfill --merged` does), or were moved. Where you have them: `--log merged.ndjson --log {events}`"
            ),
            (Lang::Ko, Some(merged)) => format!(
                "이벤트 로그만으로 설명합니다. 실시간 탐지는 {to}까지의 이용도 과거 로그에서 읽어 알고 있습니다. 그것까지 넣어 설명하려면 \
                 `--log {merged} --log {events}`를 붙이십시오"
            ),
            (Lang::Ko, None) => format!(
                "이벤트 로그만으로 설명합니다. 실시간 탐지는 {to}까지의 이용도 과거 로그에서 읽어 알고 있으나, 그 줄을 순서대로 모은 파일이 \
                 없습니다(`sumun backfill --merged`로 만듭니다). 파일이 있으면 `--log merged.ndjson --log {events}`를 붙이십시오"
            ),
        }
    }
}
