// What a page shows when it has nothing to show yet: loading, empty, refused, broken, unreachable. One place, so that all pages say it alike.
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Problem, UNREACHABLE } from "../api/client";
import { useWords } from "../i18n/lang";
import { Button } from "./basics";
import { uiWords } from "./words";

export function Loading() {
  const w = useWords(uiWords);
  return (
    <div className="skeleton" role="status" aria-label={w.loading}>
      <span />
      <span />
      <span />
    </div>
  );
}

export function Empty({ title, text, children }: { title: string; text?: string; children?: ReactNode }) {
  return (
    <div className="state">
      <strong>{title}</strong>
      {text === undefined ? null : <p className="muted">{text}</p>}
      {children}
    </div>
  );
}

/** A no, in words: what, and what to do about it. */
export function Refused({ error, again }: { error: Error; again?: (() => void) | undefined }) {
  const w = useWords(uiWords);
  const problem = error instanceof Problem ? error : null;
  const [title, text] =
    problem?.status === 403
      ? [w.forbiddenTitle, w.forbiddenText]
      : problem?.status === 404
        ? [w.notFoundTitle, w.notFoundText]
        : problem?.code === UNREACHABLE
          ? [w.unreachableTitle, w.unreachableText]
          : [w.errorTitle, error.message];
  const own = problem !== null && problem.status !== 403 && problem.status !== 404 && problem.code !== UNREACHABLE;
  return (
    <div className="notice expire stack tight" role="alert">
      <strong>{title}</strong>
      <p>{text}</p>
      {own ? (
        <p>
          <span className="muted">{w.remedy}: </span>
          {problem.document.remedy}
        </p>
      ) : null}
      {own && problem.document.instance !== "" ? (
        <p className="muted">
          {w.reference}: <code>{problem.document.instance.split(":").at(-1)}</code>
        </p>
      ) : null}
      {again === undefined || problem?.status === 403 ? null : (
        <div>
          <Button small onPress={again}>
            {w.again}
          </Button>
        </div>
      )}
    </div>
  );
}

/** Shows what was read, or the state it is in. What was read before stays while it cannot be renewed, with the reason above it. */
export function Read<T>({ query, children }: { query: UseQueryResult<T, Error>; children: (data: T) => ReactNode }) {
  if (query.data === undefined) {
    return query.error ? <Refused error={query.error} again={() => void query.refetch()} /> : <Loading />;
  }
  return (
    <>
      {query.error ? <Refused error={query.error} again={() => void query.refetch()} /> : null}
      {children(query.data)}
    </>
  );
}
