// When, from where and with what the key was used lately: what its owner can recognise, or not.

import { count } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Badge, Card, Time } from "../../../ui/basics";
import { Read } from "../../parts/act";
import { useCountry } from "../../parts/country";
import { isOver } from "../../parts/standing";
import { When } from "../../parts/when";
import { type KeyView, useActivity } from "../../reads";
import { keyWords } from "./words";

const SHOWN_MAX = 6;

export function Use({ of }: { of: KeyView }) {
  const w = useWords(keyWords);
  const { lang } = useLang();
  const country = useCountry();
  const query = useActivity(of.key);
  return (
    <Card title={w.seen}>
      <Read query={query}>
        {(seen) =>
          seen.uses === 0 && seen.refused === 0 ? (
            <p className="muted">{w.seenNone}</p>
          ) : (
            <div className="stack">
              {seen.last_used ? (
                <p>
                  {w.seenLast}: <When at={seen.last_used} />
                </p>
              ) : null}
              <h3>{w.seenFrom}</h3>
              <ul className="plainlist lines-between">
                {seen.sources.slice(0, SHOWN_MAX).map((one) => (
                  <li key={one.address}>
                    <div className="row spread">
                      <span>
                        <code>{one.address}</code>{" "}
                        <span className="muted">{[one.network, country(one.country)].filter(Boolean).join(", ")}</span>
                      </span>
                      {one.registered ? null : <Badge tone="warn">{w.unregistered}</Badge>}
                    </div>
                    <span className="muted">
                      <Time at={one.last} /> {one.uses > 0 ? ` · ${w.seenCount(count(lang, one.uses))}` : ""}
                      {one.refused > 0 ? ` · ${w.seenRefused(count(lang, one.refused))}` : ""}
                    </span>
                  </li>
                ))}
              </ul>
              {seen.clients.length === 0 ? null : (
                <>
                  <h3>{w.seenWith}</h3>
                  <ul className="plainlist lines-between">
                    {seen.clients.slice(0, SHOWN_MAX).map((one) => (
                      <li key={one.client}>
                        <code>{one.client}</code>
                        <br />
                        <span className="muted">
                          <Time at={one.last} /> {one.uses > 0 ? ` · ${w.seenCount(count(lang, one.uses))}` : ""}
                        </span>
                      </li>
                    ))}
                  </ul>
                </>
              )}
              {isOver(of) ? null : <p className="muted">{w.seenOdd}</p>}
            </div>
          )
        }
      </Read>
    </Card>
  );
}
