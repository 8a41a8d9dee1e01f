// What a notice is called, by its kind.
import { useWords } from "../../../i18n/lang";
import { noticesWords } from "./words";

export function useNoticeTitle(): (kind: string) => string {
  const w = useWords(noticesWords) as unknown as Record<string, string>;
  return (kind) => w[`kind_${kind.replace(".", "_")}`] ?? w.kind_any ?? kind;
}
