import { words } from "../../../i18n/words";

export const homeWords = words(
  {
    title: "내 API 키",
    keys: "내 키",
    none: "키가 없습니다",
    noneText:
      "만드신 키가 여기에 나옵니다. 자동 매매 프로그램이나 자산 조회 앱을 쓰실 때만 키가 필요합니다. 처음이시라면 조회만 하는 키가 가장 안전합니다.",
    newKey: "새 키 만들기",
    lately: "최근에 종료된 키",
    over: (n: number) => `예전에 종료된 키 ${n}개`,
    lastUse: "마지막 사용",
    addresses: "허용 주소",
    expires: "종료되는 날",
    anywhere: "시세 조회만 하므로 주소 제한 없음",
    more: (n: number) => ` 외 ${n}개`,
    noneYet: "쓸 수 있는 주소 없음",
    pending: (n: number) => `확인을 기다리는 주소 ${n}개`,
  },
  {
    title: "My API keys",
    keys: "My keys",
    none: "You have no keys",
    noneText:
      "Your keys will stand here. You need one only for a trading program or an app that shows your assets. The safest start is a key that only reads.",
    newKey: "Make a new key",
    lately: "Ended lately",
    over: (n: number) => (n === 1 ? "1 key that ended earlier" : `${n} keys that ended earlier`),
    lastUse: "Last used",
    addresses: "Allowed addresses",
    expires: "Ends on",
    anywhere: "Anywhere: it only sees prices",
    more: (n: number) => ` and ${n} more`,
    noneYet: "None that can be used",
    pending: (n: number) => (n === 1 ? "1 address not proved yet" : `${n} addresses not proved yet`),
  },
);
