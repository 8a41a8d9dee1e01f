// What the record itself says of a step of the playbook, in the reader's language. A code of later than this page is shown as it is.
import { count } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { words } from "../../../i18n/words";
import type { OnRecord } from "../../parts/shapes";

export const onRecordWords = words(
  {
    owner_denied: "기록: 키 소유자가 본인이 보낸 요청이 아니라고 답했습니다.",
    owner_confirmed: "기록: 키 소유자가 본인이 보낸 요청이라고 답했습니다.",
    owner_objected: "기록: 키 소유자가 이의를 제기했습니다. 적은 내용은 이 케이스에 있습니다.",
    gates_obeyed: (gates: string) => `기록: 등록된 모든 게이트(${gates}개)가 키 종료를 적용했다고 서명했습니다.`,
  },
  {
    owner_denied: "On record: asked about requests with the key, its owner said that somebody else had made them.",
    owner_confirmed: "On record: asked about requests with the key, its owner said that they were their own.",
    owner_objected: "On record: the owner objected. What they wrote stands in this case.",
    gates_obeyed: (gates: string) => `On record: every enrolled gate (${gates}) has signed that it obeys the end.`,
  },
);

export function useOnRecord(): (said: OnRecord | null | undefined) => string | null {
  const w = useWords(onRecordWords);
  const { lang } = useLang();
  return (said) => {
    if (!said) return null;
    if (said.code === "owner_denied") return w.owner_denied;
    if (said.code === "owner_confirmed") return w.owner_confirmed;
    if (said.code === "owner_objected") return w.owner_objected;
    if (said.code === "gates_obeyed") return w.gates_obeyed(count(lang, Number(said.values.gates ?? 0)));
    return said.code.replaceAll("_", " ");
  };
}
