// A page that could not be shown: the server does not answer, its file is gone since the server was renewed, or the page itself is at fault.
// The first is said in the words of every lost server, and the page opens by itself afterwards; looking anew mends the second.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useRouteError } from "react-router";
import { useWords } from "../i18n/lang";
import { words } from "../i18n/words";
import { Button } from "./basics";
import { Loading } from "./states";
import { uiWords } from "./words";

const brokenWords = words(
  {
    title: "화면을 열지 못했습니다",
    text: "서버가 새 버전으로 바뀌었거나 연결이 끊겼을 수 있습니다. 새로 고치면 대부분 열립니다. 이미 마친 일은 그대로 있습니다.",
    lost: "이 화면은 연결되면 저절로 열립니다. 이미 마친 일은 그대로 있습니다.",
    again: "새로 고침",
    said: "오류 내용",
  },
  {
    title: "This page could not be shown",
    text: "The server may have been renewed, or the connection was cut. Loading it again mends most of that. What was done is done.",
    lost: "This page opens by itself once the server answers. What was done is done.",
    again: "Load it again",
    said: "What was said",
  },
);

const ASKS_EVERY_MS = 2_000;
const ANSWERS_WITHIN_MS = 5_000;

/** Whether the server hands out its first file; what stands before it says 502 and above where it does not. */
async function answers(): Promise<boolean> {
  try {
    const { status } = await fetch("/", { cache: "no-store", signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) });
    return status < 502;
  } catch {
    return false;
  }
}

export function Broken() {
  const [w, ui] = [useWords(brokenWords), useWords(uiWords)];
  const error = useRouteError();
  const { data: answered, refetch } = useQuery({
    queryKey: ["answers"],
    queryFn: answers,
    gcTime: 0,
    refetchInterval: ({ state }) => (state.data === false ? ASKS_EVERY_MS : false),
  });
  const lost = useRef(false);
  // The router keeps a page's file that did not come as it is: only a new start asks for it again. Never without a loss seen before, so that a
  // page at fault is not started over and over.
  useEffect(() => {
    if (answered === false) lost.current = true;
    if (answered === true && lost.current) window.location.reload();
  }, [answered]);
  if (answered === undefined) return <Loading />;
  return (
    <div className="notice expire stack tight" role="alert">
      <strong>{answered ? w.title : ui.unreachableTitle}</strong>
      <p>{answered ? w.text : w.lost}</p>
      {answered && error instanceof Error ? (
        <p className="muted">
          {w.said}: {error.message}
        </p>
      ) : null}
      <div>
        {answered ? (
          <Button onPress={() => window.location.reload()}>{w.again}</Button>
        ) : (
          <Button onPress={() => void refetch()}>{ui.again}</Button>
        )}
      </div>
    </div>
  );
}
