// First what needs its owner now, the shortest time first; then his keys, each with what it may do, from where, and when it was used.

import { Link } from "react-router";
import { day } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { LinkButton, Pairs, Time } from "../../../ui/basics";
import { Page } from "../../../ui/shell";
import { Empty } from "../../../ui/states";
import { Read } from "../../parts/act";
import { isOver, Rights, type Standing, StandingBadge, standing, useStandingText } from "../../parts/standing";
import { partWords } from "../../parts/words";
import { type KeyView, useKeys } from "../../reads";
import { Todo } from "./todo";
import { homeWords } from "./words";

/** What is cut or asked about stands first, then what works, then what is on its way. */
const ORDER: readonly Standing[] = ["reverify", "suspended", "hold", "warn", "ready", "active", "requested"];

export function Home() {
  const w = useWords(homeWords);
  const keys = useKeys();
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
              {over.length === 0 ? null : (
                <details>
                  <summary>{w.over(over.length)}</summary>
                  <div className="stack tight">
                    {over.map((key) => (
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
  const first = of.allowlist.map((entry) => (typeof entry === "string" ? entry : entry.prefix))[0];
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
            first === undefined ? (
              w.anywhere
            ) : (
              <span key="from">
                <code>{first.replace(/\/(32|128)$/, "")}</code>
                {of.allowlist.length > 1 ? w.more(of.allowlist.length - 1) : ""}
              </span>
            ),
          ],
          [w.expires, day(lang, of.expires)],
        ]}
      />
    </article>
  );
}

function Over({ of }: { of: KeyView }) {
  const tell = useStandingText();
  return (
    <div className="card">
      <div className="row spread">
        <Link to={`/keys/${of.key}`}>{of.application}</Link>
        <StandingBadge of={of} />
      </div>
      <p className="muted">{tell(of)}</p>
    </div>
  );
}
