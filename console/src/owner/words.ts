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
    outText: "이 화면에서는 따로 로그인하지 않습니다. 거래소 앱이나 웹에 로그인하신 뒤 ‘내 API 키’ 메뉴로 들어오십시오.",
    outSafe:
      "이 주소의 화면은 아이디, 비밀번호, 시크릿 키를 묻지 않습니다. 그런 화면이 보이면 입력하지 마시고 거래소에 알려 주십시오.",
    outGo: "거래소로 가기",
    endedTitle: "로그인이 만료되었습니다",
    endedText:
      "오랫동안 사용하지 않아 로그인이 만료되었습니다. 거래소에서 다시 들어오십시오. 보고 계신 내용과 적으신 내용은 이 화면에 그대로 있습니다.",
    endedBack: "로그인했습니다. 이어서 하기",
    notHere: "이 계정에는 없는 내용입니다",
    notHereText: "주소가 잘못되었거나, 다른 계정의 것이거나, 이제는 없는 내용입니다.",
    notYours: "이 계정으로는 볼 수 없는 화면입니다",
    notYoursText:
      "로그인은 되어 있지만, 지금 로그인하신 계정에는 이 내용을 볼 권한이 없습니다. 잘못된 것이 아니니 다시 시도하지 않으셔도 됩니다.",
    notYoursCompany: "회사 계정이라면 회사의 계정 관리자에게 권한을 요청하십시오.",
    notYoursOther: "다른 계정의 키를 보시려면 위의 ‘로그아웃’을 누르고, 거래소에서 그 계정으로 들어오십시오.",
    notYoursSupport: "고객님 본인의 키인데 보이지 않으면 거래소 고객센터에 문의하십시오.",
    endedRead: "로그인이 만료되어 이 내용을 불러오지 못했습니다. 거래소에서 다시 들어오시면 보입니다.",
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
    endedBack: "I have signed in: go on",
    notHere: "This account has nothing here",
    notHereText: "The address is wrong, or it belongs to another account, or it is no more.",
    notYours: "This account may not see this page",
    notYoursText:
      "You are signed in, but the account you are signed in with has no right to see this. Nothing is broken, and trying again will not help.",
    notYoursCompany: "For a company's account, ask your company's administrator for the right to see it.",
    notYoursOther: "To see another account's keys, press “Sign out” above and come in from the exchange with that account.",
    notYoursSupport: "If the key is your own and you cannot see it, turn to the exchange's customer service.",
    endedRead: "Your session has ended, so this could not be read. Come in again from the exchange to see it.",
    pageMissing: "There is no such page",
    pageMissingText: "The address has changed or is wrong. Look under “My keys”.",
    toHome: "Go to my keys",
  },
);
