// First what needs its owner now, the soonest deadline first; then his keys, each with what it may do, from where, and when it was used.

import { Link } from "react-router";
import { useLang, useWords } from "../../../i18n/lang";
import { LinkButton, Pairs, Time } from "../../../ui/basics";
import { Page } from "../../../ui/shell";
import { Empty } from "../../../ui/states";
import { Read } from "../../parts/act";
import { EndedText, endedAt } from "../../parts/ended";
import { isOver, Rights, type Standing, StandingBadge, standing, useStandingText } from "../../parts/standing";
import { Todo } from "../../parts/todo";
import { dayInKorea } from "../../parts/when";
import { partWords } from "../../parts/words";
import { type KeyView, useKeys, useNotices } from "../../reads";
import { homeWords } from "./words";

/** What is cut or asked about stands first, then what works, then what is on its way. */
const ORDER: readonly Standing[] = ["reverify", "suspended", "hold", "warn", "ready", "active", "requested"];

/** So long an ended key stands in the open; then it is folded away with the others. */
const LATELY_MS = 14 * 86_400_000;

export function Home() {
  const w = useWords(homeWords);
  const keys = useKeys();
  const notices = useNotices().data;
  return (
    <Page title={w.title}>
      <Todo />
      <div className="row spread">
        <h2>{w.keys}</h2>
        {keys.data?.length ? (
          <LinkButton to="/keys/new" small>
            {w.newKey}
          </LinkButton>
        ) : null}
      </div>
      <Read query={keys}>
        {(all) => {
          const living = all
            .filter((key) => !isOver(key))
            .sort((one, other) => ORDER.indexOf(standing(one)) - ORDER.indexOf(standing(other)));
          const over = all.filter(isOver);
          // One that a new key took the place of is the same key to him.
          const lately = over.filter(
            (key) => key.cause !== "rotated" && Date.now() - Date.parse(endedAt(key, notices) ?? key.created) < LATELY_MS,
          );
          const earlier = over.filter((key) => !lately.includes(key));
          return (
            <>
              {living.length === 0 ? (
                <Empty title={w.none} text={w.noneText}>
                  <LinkButton to="/keys/new" look="primary">
                    {w.newKey}
                  </LinkButton>
                </Empty>
              ) : (
                living.map((key) => <KeyCard key={key.key} of={key} />)
              )}
              {lately.length === 0 ? null : (
                <>
                  <h2>{w.lately}</h2>
                  {lately.map((key) => (
                    <Over key={key.key} of={key} />
                  ))}
                </>
              )}
              {earlier.length === 0 ? null : (
                <details>
                  <summary>{w.over(earlier.length)}</summary>
                  <div className="stack tight">
                    {earlier.map((key) => (
                      <Over key={key.key} of={key} />
                    ))}
                  </div>
                </details>
              )}
            </>
          );
        }}
      </Read>
    </Page>
  );
}

function KeyCard({ of }: { of: KeyView }) {
  const w = useWords(homeWords);
  const p = useWords(partWords);
  const { lang } = useLang();
  const tell = useStandingText();
  const all = of.allowlist.map((entry) =>
    typeof entry === "string" ? { prefix: entry, works: true } : { prefix: entry.prefix, works: !entry.since || !!entry.proved },
  );
  const works = all.filter((one) => one.works);
  const first = works[0]?.prefix;
  const pending = all.length - works.length;
  return (
    <article className="card keycard stack tight">
      <div className="row spread">
        <h3>
          <Link to={`/keys/${of.key}`}>{of.application}</Link>
        </h3>
        <StandingBadge of={of} />
      </div>
      <p className="muted">{tell(of)}</p>
      <Rights of={of} />
      <Pairs
        of={[
          [w.lastUse, of.last_used === undefined ? null : of.last_used ? <Time key="last" at={of.last_used} /> : p.notSince],
          [
            w.addresses,
            all.length === 0 ? (
              w.anywhere
            ) : (
              <span key="from">
                {first === undefined ? w.noneYet : <code>{first.replace(/\/(32|128)$/, "")}</code>}
                {works.length > 1 ? w.more(works.length - 1) : ""}
                {pending > 0 ? <span className="muted"> · {w.pending(pending)}</span> : null}
              </span>
            ),
          ],
          [w.expires, dayInKorea(lang, of.expires)],
        ]}
      />
    </article>
  );
}

function Over({ of }: { of: KeyView }) {
  return (
    <article className="card stack tight">
      <div className="row spread">
        <h3>
          <Link to={`/keys/${of.key}`}>{of.application}</Link>
        </h3>
        <StandingBadge of={of} />
      </div>
      <EndedText of={of} />
    </article>
  );
}
