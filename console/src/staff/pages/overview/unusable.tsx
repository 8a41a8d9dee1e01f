// What the policy in force asks of detection and detection cannot use: nobody would notice, since everything goes on with other values.
import { Link } from "react-router";
import { count } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { words } from "../../../i18n/words";
import type { Facts } from "./index";

const unusableWords = words(
  {
    text: (n: string, policy: string) =>
      `시행 중인 정책 ${policy}의 탐지 설정([detectors]) 가운데 ${n}곳을 쓸 수 없어, 그곳에는 기본값이 적용되고 있습니다. 바로잡은 새 버전을 제안하십시오.`,
    open: "정책 열기",
  },
  {
    text: (n: string, policy: string) =>
      `Detection cannot use ${n} of the settings in [detectors] of ${policy}, the policy in force; the defaults hold there. Propose a version that corrects them.`,
    open: "Open the policy",
  },
);

export function Unusable({ policy }: { policy: Facts["policy"] }) {
  const w = useWords(unusableWords);
  const { lang } = useLang();
  if (policy === null || policy.detectors_unusable === 0) return null;
  return (
    <p className="notice warn" role="status">
      {w.text(count(lang, policy.detectors_unusable), policy.policy)}{" "}
      <Link to={`/policies/${encodeURIComponent(policy.policy)}`}>{w.open}</Link>
    </p>
  );
}
