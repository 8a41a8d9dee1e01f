// Who did something, as people say it; sentences the server sends in both languages.
import { useLang } from "../../i18n/lang";
import { actorText } from "../../ui/actors";
import { withShortIds } from "../../ui/ids";
import { withoutCodes } from "./reasonSaid";

/** A principal in words. */
export function useWho(): (principal: string | null | undefined) => string {
  const { lang } = useLang();
  return (principal) => actorText(lang, principal);
}

export function Who({ by }: { by: string | null | undefined }) {
  return <span title={by ?? undefined}>{useWho()(by)}</span>;
}

/** A sentence of the server in the language spoken. */
export function useSaid(): (said: { ko: string; en: string } | null | undefined) => string {
  const { lang } = useLang();
  return (said) => withShortIds(withoutCodes(lang, said?.[lang] ?? ""));
}
