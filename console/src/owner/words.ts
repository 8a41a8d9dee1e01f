import { words } from "../i18n/words";

/** Texts of the frame. */
export const ownerWords = words(
  {
    name: "내 API 키",
    other: "English",
    home: "내 키",
    newKey: "새 키",
    notices: "알림",
    record: "내 기록",
    outTitle: "로그인이 필요합니다",
    outText: "이 화면에는 따로 로그인하는 곳이 없습니다. 거래소 앱이나 웹에 로그인하신 뒤 ‘내 API 키’ 메뉴로 들어오십시오.",
    outSafe: "이 주소에서 아이디, 비밀번호, 시크릿 키를 묻는 화면이 보이면 입력하지 마시고 거래소에 알려 주십시오.",
    outGo: "거래소로 가기",
    endedTitle: "로그인이 만료되었습니다",
    endedText:
      "오랫동안 사용하지 않아 로그인이 만료되었습니다. 거래소에서 다시 들어오십시오. 보고 계신 내용과 적으신 내용은 이 화면에 그대로 있습니다.",
    endedBack: "다시 들어왔습니다",
    pageMissing: "없는 화면입니다",
    pageMissingText: "주소가 바뀌었거나 잘못되었습니다. ‘내 키’에서 찾아보십시오.",
    toHome: "내 키로 가기",
  },
  {
    name: "My API keys",
    other: "한국어",
    home: "My keys",
    newKey: "New key",
    notices: "Notices",
    record: "Record",
    outTitle: "You are not signed in",
    outText: "There is no sign-in form here. Sign in to the exchange's app or site, then open “My API keys” there.",
    outSafe:
      "Should a page at this address ever ask for your user name, password or secret key, do not type them, and tell the exchange.",
    outGo: "Go to the exchange",
    endedTitle: "Your session has ended",
    endedText: "You were away for a while. Come in again from the exchange. What you see and what you typed stays on this page.",
    endedBack: "I am back",
    pageMissing: "There is no such page",
    pageMissingText: "The address has changed or is wrong. Look under “My keys”.",
    toHome: "Go to my keys",
  },
);
