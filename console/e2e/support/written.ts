// What the tests' own staff write, in the language of the page they write it on: as somebody who looks into keys would, visibly made up.
import type { Lang } from "../../src/i18n/words";

type Both = Readonly<Record<Lang, string>>;

export const WRITTEN = {
  /** Why a hold stays. */
  keep: {
    ko: "등록되지 않은 주소에서 처음 보는 클라이언트가 주문을 냈고, 고객님의 답변이 아직 없습니다. 답변을 받을 때까지 제한을 유지합니다. (가상)",
    en: "A client never seen before has traded from an address that is not registered, and the owner has not answered yet. It stays until he does. (made up)",
  },
  /** Why a key should end by force. */
  end: {
    ko: "서로 다른 두 프로그램이 같은 키로 번갈아 주문했고, 제한한 뒤에도 같은 주소에서 시도가 이어집니다. (가상)",
    en: "Two different programs take turns on this key, and attempts from the same address go on after the hold. (made up)",
  },
  /** Why less does not do. */
  lesser: {
    ko: "경고를 확인한 뒤에도 이용이 이어졌고, 일시 제한으로는 새어 나간 시크릿 키를 무효로 만들 수 없습니다. (가상)",
    en: "A warning was acknowledged and it went on; a hold does not make a leaked secret worthless. (made up)",
  },
  /** Why an approver agrees. */
  agreed: {
    ko: "두 프로그램의 요청이 같은 시간대에 겹치는 것을 키의 이용 기록에서 직접 확인했습니다. (가상)",
    en: "Seen in the key's own activity: both programs sent requests within the same minutes. (made up)",
  },
  /** A remark on a case. */
  remark: {
    ko: "10월에 쓰던 클라이언트와 다릅니다. 고객님께 프로그램을 바꾸셨는지 여쭈어 보았습니다. (가상)",
    en: "This is not the client of October. The owner was asked whether he changed his program. (made up)",
  },
} as const satisfies Record<string, Both>;
