// What waits for him, as one list: open questions, re-verifications, notices that ask for something, and what is merely unfinished. Each
// says what, by when, and what happens otherwise. What has a deadline stands first, the soonest on top.
import { useWords } from "../../i18n/lang";
import { type Tone, useNow } from "../../ui/basics";
import { useFacts } from "../facts";
import { useNoticeTitle } from "../pages/notices/title";
import { type RegistrationView, useRegistrations, waits } from "../pages/register/reads";
import { registerWords } from "../pages/register/words";
import { type KeyView, type NoticeView, useKeys, useNotices, useQuestions, useVerifications } from "../reads";
import { askedUntil, tellsOfOpen, waiting } from "./reading";
import { isOver, lives, standing } from "./standing";
import { taskWords } from "./taskWords";

export type Task = {
  id: string;
  /** Whether it is asked of him, and not only something that he left unfinished. */
  asked: boolean;
  tone: Tone;
  title: string;
  text: string;
  key: string | null | undefined;
  until?: string | null | undefined;
  /** Whose time it is, where it is not his. */
  by?: string | undefined;
  otherwise?: string | undefined;
  go: string;
  to: string;
  rank: number;
};

const SOON_MS = 14 * 86_400_000;
/** What the exchange has to do by then, not he. */
const OTHERS_TIME = /^(measure\.hold|key\.held)$/;

const deadline = ({ until, by }: Task) => (until && by === undefined ? Date.parse(until) : Number.POSITIVE_INFINITY);

/** The soonest deadline of his first; what has none after that, the most serious first. */
export function inOrder(tasks: readonly Task[]): Task[] {
  return [...tasks].sort((one, other) => {
    const [first, second] = [deadline(one), deadline(other)];
    return first === second ? one.rank - other.rank : first < second ? -1 : 1;
  });
}

/** What waits; undefined while it is not known. */
export function useTasks(): { tasks: Task[] | undefined; error: Error | null } {
  const w = useWords(taskWords);
  const title = useNoticeTitle();
  const now = useNow(60_000);
  const keys = useKeys();
  const questions = useQuestions();
  const notices = useNotices();
  const verifications = useVerifications();
  const r = useWords(registerWords);
  // Where it cannot be told, the rest still can.
  const registrations = useRegistrations().data?.filter(waits) ?? [];
  const proofS = useFacts().data?.owner.address_proof_s;
  const error = keys.error ?? questions.error ?? notices.error ?? verifications.error;
  if (!keys.data || !questions.data || !notices.data || !verifications.data) return { tasks: undefined, error };
  // Of a key that has ended nothing is asked any more, whatever is still on its way to being closed.
  const over = new Set(keys.data.filter(isOver).map(({ key }) => key));
  const living = keys.data.filter(lives);
  const asks = questions.data.filter(({ state, key }) => state === "open" && !over.has(key));
  const open = verifications.data.filter(({ state, key }) => state === "open" && !over.has(key));
  const tasks: Task[] = [
    ...asks.map((one) => ({
      id: one.question,
      asked: true,
      tone: "warn" as const,
      title: w.question,
      text: w.questionText(one.address),
      key: one.key,
      until: one.until,
      otherwise: w.questionElse(one.about.enforced),
      go: w.answer,
      to: `/questions/${one.question}`,
      rank: 0,
    })),
    ...open.map((one) => ({
      id: one.verification,
      asked: true,
      tone: "reverify" as const,
      title: w.verification,
      text: w.verificationText,
      key: one.key,
      until: one.until,
      otherwise: w.verificationElse,
      go: w.go,
      to: `/verifications/${one.verification}`,
      rank: 1,
    })),
    // A notice that only says what a task above says already would be the same thing twice.
    ...waiting(notices.data, keys.data)
      .filter((one) => !tellsOfOpen(one, asks, open))
      .map((one) => ({
        id: one.notice,
        asked: true,
        tone: tone(one),
        title: title(one.kind),
        text: w.noticeText,
        key: one.key,
        until: askedUntil(one),
        by: OTHERS_TIME.test(one.kind) ? w.reviewedBy : undefined,
        otherwise: one.kind === "measure.warn" ? w.warnElse : OTHERS_TIME.test(one.kind) ? w.holdElse : undefined,
        go: w.read,
        to: `/notices/${one.notice}`,
        rank: 2,
      })),
    ...(registrations.length === 0 ? [] : [registering(r, registrations)]),
    ...keys.data
      .filter((key) => standing(key) === "ready")
      .map((key) => ({ ...unfinished(key, "good", 3), title: w.ready, text: w.readyText, otherwise: w.readyElse, go: w.take })),
    ...living.flatMap((key) =>
      key.allowlist.flatMap((entry): Task[] => {
        if (typeof entry === "string" || !entry.since || entry.proved) return [];
        const until = proofS === undefined ? null : new Date(Date.parse(entry.since) + proofS * 1_000).toISOString();
        return [
          {
            ...unfinished(key, "monitor", 4),
            id: key.key + entry.prefix,
            title: w.address,
            text: w.addressText(entry.prefix.replace(/\/(32|128)$/, "")),
            until,
            otherwise: w.addressElse,
            go: w.how,
            to: `/keys/${key.key}/addresses`,
          },
        ];
      }),
    ),
    ...living
      .filter((key) => Date.parse(key.expires) - now < SOON_MS)
      .map((key) => ({
        ...unfinished(key, "monitor", 5),
        id: `${key.key}-ends`,
        title: w.soon,
        text: w.soonText,
        until: key.expires,
        otherwise: w.soonElse,
        go: w.look,
      })),
  ];
  return { tasks: inOrder(tasks), error };
}

/** All keys that wait to be registered: they are registered on one page. */
function registering(r: (typeof registerWords)["ko"], of: readonly RegistrationView[]): Task {
  const late = of.some(({ state }) => state === "read_only");
  const next = of.map((one) => (one.state === "read_only" ? one.ends : one.read_only)).sort();
  return {
    id: "register",
    asked: true,
    tone: late ? "hold" : "warn",
    title: r.card(of.length),
    text: late ? r.cardLate : r.cardText,
    key: of.length === 1 ? of[0]?.key : undefined,
    until: next[0],
    otherwise: late ? r.cardElseEnds : r.cardElse,
    go: r.cardGo,
    to: "/register",
    rank: 2,
  };
}

const tone = (of: NoticeView): Tone => (of.kind === "measure.expire" ? "plain" : /hold|held/.test(of.kind) ? "hold" : "warn");

const unfinished = (of: KeyView, tone: Tone, rank: number) => ({
  id: of.key,
  asked: false,
  tone,
  key: of.key,
  to: `/keys/${of.key}`,
  rank,
});
