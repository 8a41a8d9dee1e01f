// Where the record stands.
import { count } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Card, Id, LinkButton, Pairs, Time } from "../../../ui/basics";
import type { Facts } from "./index";
import { overviewWords } from "./words";

/** Hex as base64, which is how a checkpoint writes the root: so that both can be compared by eye. */
export function base64(hex: string): string {
  const bytes = (hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
  return btoa(String.fromCharCode(...bytes));
}

export function Head({ ledger }: { ledger: Facts["ledger"] }) {
  const w = useWords(overviewWords);
  const { lang } = useLang();
  return (
    <Card title={w.ledger}>
      <div className="stack">
        <Pairs
          of={[
            [w.entries, count(lang, ledger.entries)],
            [w.root, <Id id={base64(ledger.root)} />],
            [w.last, <Time at={ledger.at} />],
          ]}
        />
        <div>
          <LinkButton small to="/ledger">
            {w.toLedger}
          </LinkButton>
        </div>
      </div>
    </Card>
  );
}
