// What waits for him, most pressing first: what cuts his key or asks about its safety, then what is merely unfinished.
import { useWords } from "../../../i18n/lang";
import { LinkButton, type Tone, useNow } from "../../../ui/basics";
import { Loading } from "../../../ui/states";
import { Left } from "../../parts/countdown";
import { askedUntil, waiting } from "../../parts/reading";
import { KeyName } from "../../parts/sentences";
import { isOver, lives, standing } from "../../parts/standing";
import { useKeys, useNotices, useQuestions, useVerifications } from "../../reads";
import { useNoticeTitle } from "../notices/title";
import { homeWords } from "./words";

type Task = {
  id: string;
  tone: Tone;
  title: string;
  text: string;
  key?: string | null | undefined;
  until?: string | null | undefined;
  go: string;
  to: string;
  rank: number;
};

const SOON_MS = 14 * 86_400_000;

export function Todo() {
  const w = useWords(homeWords);
  const title = useNoticeTitle();
  const now = useNow(60_000);
  const keys = useKeys();
  const questions = useQuestions();
  const notices = useNotices();
  const verifications = useVerifications();
  if (!keys.data || !questions.data || !notices.data || !verifications.data) return keys.error ? null : <Loading />;
  // Of a key that has ended nothing is asked any more, whatever is still on its way to being closed.
  const over = new Set(keys.data.filter(isOver).map(({ key }) => key));
  const open = verifications.data.filter(({ state, key }) => state === "open" && !over.has(key));
  const tasks: Task[] = [
    ...questions.data
      .filter(({ state, key }) => state === "open" && !over.has(key))
      .map(
        (one): Task => ({
          id: one.question,
          tone: "expire",
          title: w.question,
          text: w.questionText(one.address),
          key: one.key,
          until: one.until,
          go: w.answer,
          to: `/questions/${one.question}`,
          rank: 0,
        }),
      ),
    ...open.map(
      (one): Task => ({
        id: one.verification,
        tone: "reverify",
        title: w.verification,
        text: w.verificationText,
        key: one.key,
        until: one.until,
        go: w.go,
        to: `/verifications/${one.verification}`,
        rank: 1,
      }),
    ),
    ...waiting(notices.data, keys.data)
      // A notice that only says what a task above says already would be the same thing twice.
      .filter((one) => !(/^(measure\.reverify|verification\.)/.test(one.kind) && open.some(({ key }) => key === one.key)))
      .map(
        (one): Task => ({
          id: one.notice,
          tone: "warn",
          title: w.notice,
          text: title(one.kind),
          key: one.key,
          until: askedUntil(one),
          go: w.read,
          to: `/notices/${one.notice}`,
          rank: 2,
        }),
      ),
    ...keys.data
      .filter((key) => standing(key) === "ready")
      .map(
        (key): Task => ({
          id: key.key,
          tone: "good",
          title: w.ready,
          text: w.readyText,
          key: key.key,
          go: w.take,
          to: `/keys/${key.key}`,
          rank: 3,
        }),
      ),
    ...keys.data.filter(lives).flatMap((key) =>
      key.allowlist.flatMap((entry): Task[] =>
        typeof entry !== "string" && entry.since && !entry.proved
          ? [
              {
                id: key.key + entry.prefix,
                tone: "monitor",
                title: w.address,
                text: w.addressText(entry.prefix.replace(/\/(32|128)$/, "")),
                key: key.key,
                go: w.how,
                to: `/keys/${key.key}/addresses`,
                rank: 4,
              },
            ]
          : [],
      ),
    ),
    ...keys.data
      .filter((key) => lives(key) && new Date(key.expires).getTime() - now < SOON_MS)
      .map(
        (key): Task => ({
          id: `${key.key}-ends`,
          tone: "monitor",
          title: w.soon,
          text: w.soonText,
          key: key.key,
          until: key.expires,
          go: w.go,
          to: `/keys/${key.key}`,
          rank: 5,
        }),
      ),
  ].sort((one, other) => one.rank - other.rank);
  if (tasks.length === 0) {
    return (
      <div className="notice good stack tight">
        <strong>{w.nothing}</strong>
        <p>{w.nothingText}</p>
      </div>
    );
  }
  return (
    <section className="stack tight" aria-labelledby="todo">
      <h2 id="todo">
        {w.todo} <span className="number-badge">{tasks.length}</span>
      </h2>
      {tasks.map((task) => (
        <article key={task.id} className={`notice todo ${task.tone}`}>
          <div className="stack tight">
            {task.key ? (
              <p className="muted">
                <KeyName of={task.key} link={false} />
              </p>
            ) : null}
            <strong>{task.title}</strong>
            <p>{task.text}</p>
            {task.until ? (
              <p>
                <Left until={task.until} />
              </p>
            ) : null}
          </div>
          <LinkButton to={task.to} look={task.rank < 2 ? "primary" : "plain"}>
            {task.go}
          </LinkButton>
        </article>
      ))}
    </section>
  );
}
