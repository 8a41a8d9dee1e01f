// Small parts that every page uses. No rule of the business is here.
import { type ReactNode, useEffect, useState } from "react";
import { Button as AriaButton, type ButtonProps, Tooltip, TooltipTrigger } from "react-aria-components";
import { Link, type LinkProps } from "react-router";
import { both, instant, relative } from "../i18n/format";
import { useLang, useWords } from "../i18n/lang";
import { copy } from "./copy";
import { shortId } from "./ids";
import { uiWords } from "./words";

type Look = "plain" | "primary" | "danger" | "quiet";

/** A button. Where it may not be pressed, say why in `why`: it stays visible and reachable, and the reason is read out. */
export function Button({
  look = "plain",
  small = false,
  why,
  children,
  ...rest
}: Omit<ButtonProps, "children" | "className"> & {
  look?: Look;
  small?: boolean;
  why?: string | undefined;
  children: ReactNode;
}) {
  const className = `button ${look}${small ? " small" : ""}`;
  if (why === undefined) {
    return (
      <AriaButton {...rest} className={className}>
        {children}
      </AriaButton>
    );
  }
  return (
    <span className="row">
      <AriaButton {...rest} isDisabled className={className}>
        {children}
      </AriaButton>
      <span className="muted">{why}</span>
    </span>
  );
}

export function LinkButton({ look = "plain", small = false, ...rest }: LinkProps & { look?: Look; small?: boolean }) {
  return <Link {...rest} className={`button ${look}${small ? " small" : ""}`} />;
}

export function Card({
  title,
  aside,
  children,
  level = 2,
}: {
  title?: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
  level?: 2 | 3;
}) {
  const Heading = level === 2 ? "h2" : "h3";
  return (
    <section className="card">
      {title === undefined ? null : (
        <header>
          <Heading>{title}</Heading>
          {aside}
        </header>
      )}
      {children}
    </section>
  );
}

export type Tone = "good" | "monitor" | "warn" | "hold" | "reverify" | "expire" | "plain";

export function Badge({ tone = "plain", children }: { tone?: Tone; children: ReactNode }) {
  return <span className={`badge ${tone}`}>{children}</span>;
}

/** Milliseconds now, renewed so often that "a minute ago" stays true. */
export function useNow(everyMs = 10_000): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), everyMs);
    return () => window.clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** Clocks of server and browser differ by so much without meaning anything. */
const CLOCKS_DIFFER_MS = 5_000;

/** An instant: relative, with the full one, in UTC too, in the title and for machines. `full` shows the full one. */
export function Time({ at, full = false }: { at: string | null | undefined; full?: boolean }) {
  const { lang } = useLang();
  // Asks for being drawn anew; what is newer than the last round must not be told as of the future, nor what a clock a little ahead says.
  useNow();
  if (!at) return <span className="muted">–</span>;
  const ahead = Date.parse(at) - Date.now();
  const now = ahead > 0 && ahead < CLOCKS_DIFFER_MS ? Date.parse(at) : Date.now();
  return (
    <time dateTime={at} title={both(lang, at)}>
      {full ? instant(lang, at) : relative(lang, at, now)}
    </time>
  );
}

/** An id as machines have it, shortened as everywhere (`ids.ts`), with a way to copy it. The copy button tells the whole of it, by keyboard too. */
export function Id({ id, to, label }: { id: string; to?: string; label?: string }) {
  const w = useWords(uiWords);
  const [copied, setCopied] = useState(false);
  const shown = label ?? shortId(id);
  return (
    <span className="mono id" title={id}>
      {to === undefined ? shown : <Link to={to}>{shown}</Link>}
      <TooltipTrigger delay={300} closeDelay={0}>
        <AriaButton
          className="copy"
          aria-label={`${copied ? w.copied : w.copy}: ${id}`}
          onPress={() => {
            void copy(id).then(setCopied);
            window.setTimeout(() => setCopied(false), 1_500);
          }}
        >
          <CopyMark done={copied} />
        </AriaButton>
        <Tooltip className="tip mono" placement="top">
          {id.length > TIP_MOST ? w.copy : id}
        </Tooltip>
      </TooltipTrigger>
    </span>
  );
}

/** A command is copied too, and stands beside its button whole. */
const TIP_MOST = 80;

/** Drawn, because no font is sure to have a sign for it. */
function CopyMark({ done }: { done: boolean }) {
  return (
    <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true" className="mark">
      {done ? <path d="M3 8.5l3.2 3.2L13 5" /> : <path d="M5.5 5.5h7v8h-7zM3.5 10.5v-8h7" />}
    </svg>
  );
}

/** Names and values. Values that are null are left out. */
export function Pairs({ of }: { of: [string, ReactNode][] }) {
  return (
    <dl className="pairs">
      {of
        .filter(([, value]) => value !== null && value !== undefined)
        .map(([name, value]) => (
          <div key={name} className="pair">
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

export function Stat({ figure, label, hint }: { figure: ReactNode; label: string; hint?: ReactNode }) {
  return (
    <div className="stat">
      <span className="muted">{label}</span>
      <span className="figure">{figure}</span>
      {hint === undefined ? null : <span className="muted">{hint}</span>}
    </div>
  );
}

/** A command in pieces, so that the name of an option can be kept whole; `at` is where each begins. */
function options(text: string): { at: number; piece: string }[] {
  let at = 0;
  return text.split(/(?<=\s)(?=--)|(?<=\s--[a-z-]+)(?=\s)/).map((piece) => {
    const from = at;
    at += piece.length;
    return { at: from, piece };
  });
}

/** A command to paste into a shell. */
export function Command({ text }: { text: string }) {
  return (
    <div className="paste">
      <pre>
        {options(text).map(({ at, piece }) =>
          piece.startsWith("--") ? (
            <span key={at} className="option">
              {piece}
            </span>
          ) : (
            piece
          ),
        )}
      </pre>
      <Id id={text} label="" />
    </div>
  );
}
