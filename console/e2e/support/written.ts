// What the tests' own staff write, in the language of the page they write it on: as somebody who looks into keys would, visibly made up.
import type { Lang } from "../../src/i18n/words";

type Both = Readonly<Record<Lang, string>>;

export const WRITTEN = {
  /** Why a measure stays. */
  keep: {
    ko: "평소와 다른 곳에서 이용된 이유를 고객님께서 아직 설명하지 않으셨습니다. 설명을 듣고 확인할 때까지 지금 조치를 유지합니다. (가상)",
    en: "The owner has not said yet why it is used from another place than usual. The measure stays until he has and it is checked. (made up)",
  },
  /** Why a key should end by force. */
  end: {
    ko: "이 키로 서명된 요청이 서로 다른 두 프로그램과 주소에서 번갈아 들어왔고, 조치한 뒤에도 시도가 이어집니다. (가상)",
    en: "Requests signed with this key come from two programs at two addresses in turn, and the attempts go on after the measure. (made up)",
  },
  /** Why less does not do. */
  lesser: {
    ko: "더 가벼운 조치를 한 뒤에도 이용이 이어졌고, 제한만으로는 다른 사람이 아는 시크릿 키를 무효로 만들 수 없습니다. (가상)",
    en: "It went on under a lesser measure, and a hold does not make a secret worthless that somebody else knows. (made up)",
  },
  /** Why an approver agrees. */
  agreed: {
    ko: "두 프로그램의 요청이 같은 시간대에 겹치는 것을 키의 이용 기록에서 직접 확인했습니다. (가상)",
    en: "Seen in the key's own activity: both programs sent requests within the same minutes. (made up)",
  },
  /** Why gates should enforce otherwise. */
  ramp: {
    ko: "두 주 동안 기록만 해 보니 정상 이용자의 주문이 차단되는 일은 없었습니다. 개인 고객의 주문부터 나누어 적용합니다. (가상)",
    en: "Two weeks of recording alone would have refused no honest order. Orders of retail customers come first, a part of them. (made up)",
  },
  /** What a campaign is called. */
  campaign: { ko: "내 키, 누가 쓰나요? (가상)", en: "Who uses your key? (made up)" },
  /** Why a campaign begins, gets longer or is stopped. */
  campaignWhy: {
    ko: "개정된 약관을 모두에게 한 달 전에 안내합니다. 안내 메일이 하루 늦어졌습니다. (가상)",
    en: "The terms were renewed, and everybody is told a month ahead. Mail was down for a day. (made up)",
  },
  /** A remark on a case. */
  remark: {
    ko: "10월에 쓰던 클라이언트와 다릅니다. 고객님께 프로그램을 바꾸셨는지 여쭈어 보았습니다. (가상)",
    en: "This is not the client of October. The owner was asked whether he changed his program. (made up)",
  },
} as const satisfies Record<string, Both>;
