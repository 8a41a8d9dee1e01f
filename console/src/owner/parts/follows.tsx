// While a re-verification is open, a new key does not get round it: said before one is asked for or taken, with the way to finish.
import { useWords } from "../../i18n/lang";
import { words } from "../../i18n/words";
import { LinkButton } from "../../ui/basics";
import { useKeys, useVerifications } from "../reads";
import { isOver } from "./standing";

const followWords = words(
  {
    title: "본인 확인과 직접 사용 확인이 아직 끝나지 않았습니다",
    text: "새 키를 받으셔도 이 확인은 새 키로 이어집니다. 마치실 때까지 새 키로도 조회와 주문 취소만 됩니다.",
    go: "확인 진행하기",
  },
  {
    title: "A re-verification is still open",
    text: "It follows you to the new key: until you have finished it, a new key too only reads and cancels orders.",
    go: "Go on with the re-verification",
  },
);

/** The re-verification that a new key would be under, if one is open. */
export function useFollowing(): string | undefined {
  const keys = useKeys().data;
  const over = new Set((keys ?? []).filter(isOver).map(({ key }) => key));
  return useVerifications().data?.find(({ state, key }) => state === "open" && !over.has(key))?.verification;
}

export function Follows() {
  const w = useWords(followWords);
  const open = useFollowing();
  if (open === undefined) return null;
  return (
    <div className="notice todo reverify">
      <div className="stack tight">
        <strong>{w.title}</strong>
        <p>{w.text}</p>
      </div>
      <LinkButton to={`/verifications/${open}`}>{w.go}</LinkButton>
    </div>
  );
}
