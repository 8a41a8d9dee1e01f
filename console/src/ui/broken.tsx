// A page that could not be shown: its file is gone since the server was renewed, or the page itself is at fault. Looking anew mends the first.
import { useRouteError } from "react-router";
import { useWords } from "../i18n/lang";
import { words } from "../i18n/words";
import { Button } from "./basics";

const brokenWords = words(
  {
    title: "화면을 열지 못했습니다",
    text: "서버가 새 버전으로 바뀌었거나 연결이 끊겼을 수 있습니다. 새로 고치면 대부분 열립니다. 이미 마친 일은 그대로 있습니다.",
    again: "새로 고침",
    said: "오류 내용",
  },
  {
    title: "This page could not be shown",
    text: "The server may have been renewed, or the connection was cut. Loading it again mends most of that. What was done is done.",
    again: "Load it again",
    said: "What was said",
  },
);

export function Broken() {
  const w = useWords(brokenWords);
  const error = useRouteError();
  return (
    <div className="notice expire stack tight" role="alert">
      <strong>{w.title}</strong>
      <p>{w.text}</p>
      {error instanceof Error ? (
        <p className="muted">
          {w.said}: {error.message}
        </p>
      ) : null}
      <div>
        <Button onPress={() => window.location.reload()}>{w.again}</Button>
      </div>
    </div>
  );
}
