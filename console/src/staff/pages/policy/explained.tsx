// A version's ladder in plain words, one segment at a time.
import type { Schemas } from "../../../api/client";
import { useLang, useWords } from "../../../i18n/lang";
import { words } from "../../../i18n/words";
import { Choice } from "../../../ui/forms";
import { useFilter } from "../../../ui/lists";
import "./policy.css";

const segmentWords = words(
  {
    segment: "고객 구분",
    default: "구분을 모르는 키",
    retail: "개인",
    corporate: "법인",
    broker: "중개",
    market_maker: "시장조성자",
    custodian: "수탁",
  },
  {
    segment: "Segment",
    default: "Keys of no known segment",
    retail: "Retail",
    corporate: "Corporate",
    broker: "Broker",
    market_maker: "Market maker",
    custodian: "Custodian",
  },
);

export function Explained({ of }: { of: readonly Schemas["ExplainedView"][] }) {
  const w = useWords(segmentWords);
  const { lang } = useLang();
  const named: Record<string, string> = w;
  const [segment, choose] = useFilter("segment", "default");
  const shown = of.find((one) => (one.segment ?? "default") === segment) ?? of[0];
  return (
    <div className="stack">
      <div className="filters">
        <Choice
          label={w.segment}
          value={segment}
          of={of.map((one) => [one.segment ?? "default", named[one.segment ?? "default"] ?? one.segment ?? "default"] as const)}
          onChange={choose}
        />
      </div>
      <pre className="explained">{shown?.[lang]}</pre>
    </div>
  );
}
