// Notices to an owner: when, by which way, whether they arrived, and the text in both languages, as he reads it.

import type { Schemas } from "../../api/client";
import { useLang, useWords } from "../../i18n/lang";
import { words } from "../../i18n/words";
import { Badge, Time, type Tone } from "../../ui/basics";
import { withShortIds } from "../../ui/ids";
import { noticeStateWords, word } from "./words";

const noticesWords = words(
  {
    none: "고객에게 보낸 안내가 없습니다. 경고나 제한이 시작되면 그 안내와 도달 여부가 여기에 보입니다.",
    earlier: (n: number) => `이전 안내 ${n}건`,
    email: "이메일",
    portal: "고객 화면",
    webhook: "거래소 발송",
    text: "안내 문구 (한국어·영어)",
    names: "문구만 같습니다. 고객에게 간 글에는 키 ID 대신 고객이 붙인 이름이 들어갑니다.",
  },
  {
    none: "The owner was told nothing yet. What a warning or a restriction tells, and whether it arrived, will stand here.",
    earlier: (n: number) => (n === 1 ? "One earlier notice" : `${n} earlier notices`),
    email: "E-mail",
    portal: "Owner's page",
    webhook: "By the exchange",
    text: "Wording (Korean and English)",
    names: "The wording, with names as they are shown here. What was sent calls the key by the name that its owner gave it.",
  },
);

/** The others are folded. */
const SHOWN = 3;

/** Every notice of a re-verification begins alike: these tell why this one was sent, the weightiest first. */
const NEWS: readonly string[] = ["failed", "timed_out", "proved", "once_more", "identity_failed", "identity_passed"].map(
  (step) => `verification.${step}`,
);

/** The sentence by which one notice is told from another. */
function tellingOf({ say }: Schemas["NoticeView"]) {
  for (const code of NEWS) {
    const news = say.find((one) => one.code === code);
    if (news !== undefined) return news;
  }
  return say[0];
}

const TONES: Record<string, Tone> = { delivered: "good", acknowledged: "good", failed: "expire", sent: "monitor" };

export function Notices({ of }: { of: readonly Schemas["NoticeView"][] }) {
  const w = useWords(noticesWords);
  const { lang } = useLang();
  const states = useWords(noticeStateWords) as Record<string, unknown>;
  if (of.length === 0) return <p className="muted">{w.none}</p>;
  const newest = [...of].sort((one, other) => other.created.localeCompare(one.created));
  const list = (notices: typeof newest) => (
    <ol className="timeline">
      {notices.map((notice) => (
        <li key={notice.notice} className={notice.state === "failed" ? "expire" : notice.state === "queued" ? "" : "good"}>
          <div className="row">
            <Badge tone={TONES[notice.state] ?? "plain"}>{word(states, notice.state)}</Badge>
            <span>{word(w as Record<string, unknown>, notice.channel)}</span>
            <Time at={notice.created} full />
          </div>
          <p title={tellingOf(notice)?.[lang]}>{withShortIds(tellingOf(notice)?.[lang] ?? notice.kind)}</p>
          <details>
            <summary>{w.text}</summary>
            <div className="stack tight">
              <p className="muted">{w.names}</p>
              {(["ko", "en"] as const).map((one) => (
                <div key={one} lang={one} className="notice">
                  {notice.say.map((said) => (
                    <p key={said.code} title={said[one]}>
                      {withShortIds(said[one])}
                    </p>
                  ))}
                </div>
              ))}
            </div>
          </details>
        </li>
      ))}
    </ol>
  );
  const earlier = newest.slice(SHOWN);
  return (
    <div className="stack">
      {list(newest.slice(0, SHOWN))}
      {earlier.length === 0 ? null : (
        <details>
          <summary>{w.earlier(earlier.length)}</summary>
          {list(earlier)}
        </details>
      )}
    </div>
  );
}
