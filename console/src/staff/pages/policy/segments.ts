import { words } from "../../../i18n/words";

/** Segments of customers. */
export const segmentWords = words(
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
