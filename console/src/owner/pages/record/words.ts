import { words } from "../../../i18n/words";

export const recordWords = words(
  {
    title: "내 기록",
    lead: "고객님의 키에 대해 거래소가 가지고 있고 고객님이 보실 수 있는 모든 것을 파일로 받으실 수 있습니다.",
    what: "들어 있는 것",
    what1: "키: 용도, 권한, 주소, 상태와 지금까지 있었던 일 (기록 번호 포함)",
    what2: "최근 사용: 언제, 어디에서, 어떤 프로그램으로",
    what3: "받으신 알림, 질문과 답, 이의와 그 결과, 재확인",
    what4: "시크릿 키는 들어 있지 않습니다. 거래소도 다시 볼 수 없습니다.",
    json: "JSON으로 받기",
    jsonText: "모든 내용. 프로그램으로 읽거나 보관하기에 좋습니다.",
    csv: "CSV로 받기",
    csvText: "표. 엑셀 같은 프로그램으로 여실 수 있습니다.",
    parts: (n: number) => `내용이 많아 파일 ${n}개로 나누어 받으셨습니다.`,
    going: (part: number) => `${part}번째 파일을 받고 있습니다.`,
    waits: (part: number, seconds: number) =>
      `지금은 서버가 바쁩니다. ${seconds}초 뒤에 ${part}번째 파일을 다시 요청합니다. 화면을 그대로 두십시오.`,
    left: (saved: number) => `파일 ${saved}개를 받은 뒤 멈췄습니다. 다시 누르시면 ${saved + 1}번째 파일부터 이어서 받습니다.`,
    done: "파일을 받았습니다",
    keep: "파일에는 고객님의 접속 주소가 들어 있습니다. 아무에게나 보내지 마십시오.",
  },
  {
    title: "My record",
    lead: "You can take away, as a file, everything that the exchange keeps about your keys and that you may see.",
    what: "What is in it",
    what1: "Keys: purpose, rights, addresses, state, and all that happened, with entry numbers",
    what2: "Recent use: when, from where, with which program",
    what3: "Notices, questions and answers, objections and what came of them, re-verifications",
    what4: "No secret key is in it. Not even the exchange can see one again.",
    json: "Download as JSON",
    jsonText: "Everything. For programs, and for keeping.",
    csv: "Download as CSV",
    csvText: "A table, for a spreadsheet.",
    parts: (n: number) => `There was much of it: you got ${n} files.`,
    going: (part: number) => `Fetching file ${part}.`,
    waits: (part: number, seconds: number) =>
      `The server is busy. File ${part} is asked for again in ${seconds} seconds. Please leave this page open.`,
    left: (saved: number) =>
      `It stopped after ${saved === 1 ? "1 file" : `${saved} files`}. Press again to go on with file ${saved + 1}.`,
    done: "The file was downloaded",
    keep: "The file holds the addresses you connect from. Do not send it to just anybody.",
  },
);
