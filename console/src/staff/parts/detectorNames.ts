// Detectors by name, in both languages: what each looks for. The code and its version stay in the title, for whoever looks it up.
import { type Lang, words } from "../../i18n/words";

export const detectorWords = words(
  {
    "key.activity": "사용 집계",
    "key.auth_failure_burst": "서명은 유효하지만 허용되지 않은 요청",
    "key.concurrent_origins": "여러 곳에서의 동시 사용",
    "key.first_seen_network": "처음 보는 네트워크",
    "key.policy_violation": "등록 사항 위반",
    "key.unfamiliar_properties": "평소와 다른 환경",
    "operator.co_change": "함께 바뀌는 키",
    "operator.fanout": "여러 고객의 키가 쓰는 주소",
  },
  {
    "key.activity": "Tally of use",
    "key.auth_failure_burst": "Validly signed requests that are not allowed",
    "key.concurrent_origins": "Use from several places at once",
    "key.first_seen_network": "Networks not seen before",
    "key.policy_violation": "Use beyond what is on record",
    "key.unfamiliar_properties": "Unfamiliar surroundings",
    "operator.co_change": "Keys that change together",
    "operator.fanout": "One address for many customers' keys",
  },
);

/** A detector in words, with its version: `key.concurrent_origins@1`. One that is new keeps its own name, made readable. */
export function detectorName(lang: Lang, detector: string): string {
  const [code = "", version = ""] = detector.split("@");
  const said = (detectorWords[lang] as unknown as Record<string, string>)[code] ?? code.replaceAll(/[._]/g, " ");
  if (version === "") return said;
  return lang === "ko" ? `${said} (버전 ${version})` : `${said} (version ${version})`;
}
