// The server's sentences as a person reads them: instants in Korean time, keys by the names he gave them. Text stays text: nothing in it is
// ever taken for markup.

import { Fragment } from "react";
import { Link } from "react-router";
import { useLang } from "../../i18n/lang";
import { type SaidView, useKeys } from "../reads";
import { When } from "./when";

const PARTS = /(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z|\bK[0-9a-f]{32}\b)/;

export function Text({ text }: { text: string }) {
  return (
    <>
      {text.split(PARTS).map((part, at) =>
        at % 2 === 0 ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one sentence never move
          <Fragment key={at}>{part}</Fragment>
        ) : part.startsWith("K") ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one sentence never move
          <KeyName key={at} of={part} />
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one sentence never move
          <When key={at} at={part} />
        ),
      )}
    </>
  );
}

/** A key's name where it is known, else the end of its id. */
export function KeyName({ of, link = true }: { of: string; link?: boolean }) {
  const keys = useKeys();
  const name = keys.data?.find((key) => key.key === of)?.application;
  const shown = name ? `‘${name}’` : <code>…{of.slice(-6)}</code>;
  return link ? (
    <Link to={`/keys/${of}`} title={of}>
      {shown}
    </Link>
  ) : (
    <span title={of}>{shown}</span>
  );
}

/** Sentences, one paragraph each. `but` leaves codes out that the page says better in its own way. */
export function Sentences({ say, but = [] }: { say: readonly SaidView[]; but?: readonly string[] }) {
  const { lang } = useLang();
  const shown = say.filter(({ code }) => !but.includes(code));
  return (
    <div className="stack tight prose">
      {shown.map((one, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the same code may stand twice, and the order is the server's
        <p key={at}>
          <Text text={one[lang]} />
        </p>
      ))}
    </div>
  );
}
