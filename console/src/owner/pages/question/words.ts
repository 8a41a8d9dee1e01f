import { words } from "../../../i18n/words";

// Never here: a hint at either answer. What was seen is told, and what each answer leads to; the judgement is his.
export const questionWords = words(
  {
    title: "직접 보내신 요청입니까?",
    lead: (refused: boolean) =>
      refused
        ? "등록하지 않은 주소에서, 이 키로 올바르게 서명된 요청이 왔습니다. 요청은 거절했고 아무 일도 일어나지 않았습니다."
        : "등록하지 않은 주소에서, 이 키로 올바르게 서명된 요청이 왔습니다. 거래소가 차단 기능을 시험 운영하고 있어 요청은 처리되었습니다.",
    meaning:
      "올바르게 서명되었다는 것은 보낸 쪽이 이 키의 시크릿 키를 가지고 있다는 뜻입니다. 고객님의 프로그램일 수도 있고, 다른 사람일 수도 있습니다.",
    key: "어떤 키",
    address: "보낸 주소",
    network: "네트워크",
    when: "처음 요청",
    last: "마지막 요청",
    client: "프로그램 이름",
    count: "횟수",
    times: (n: string) => `${n}번`,
    known: "등록하신 주소",
    pending: "(확인 대기)",
    unsure: "답하시기 전에 확인해 보십시오",
    unsure1: "주소: 집이나 사무실 인터넷, 휴대전화, 서버의 지금 공인 IP 주소와 같습니까? 통신사가 주소를 바꾸는 경우도 있습니다.",
    unsure2: "시간: 그때 고객님의 프로그램이 켜져 있었습니까?",
    unsure3:
      "프로그램 이름: 보낸 쪽이 스스로 적은 것입니다. axios나 python-requests처럼 여러 프로그램이 함께 쓰는 라이브러리의 이름일 수 있어, 이름만으로는 누가 보냈는지 알 수 없습니다.",
    unsure4: "시크릿 키: 다른 사람이나 외부 도구에 알려 주셨거나, 여러 곳에 두신 적이 있습니까?",
    unsure5: (refused: boolean) =>
      refused
        ? "지금 알 수 없으면 기한까지는 답하지 않으셔도 됩니다. 그동안 그 주소의 요청은 계속 거절되고, 등록하신 주소에서는 키를 그대로 쓰실 수 있습니다."
        : "지금 알 수 없으면 기한까지는 답하지 않으셔도 됩니다. 다만 시험 운영 중이어서 그 주소의 요청이 처리될 수 있습니다. 키 화면에서 키를 교체하거나 종료하실 수 있습니다.",
    me: "네, 제가 보냈습니다",
    meWhat: (address: string) => `이 주소(${address})의 등록이 시작됩니다. 아직 등록된 것은 아닙니다.`,
    meProof: (minutes: number) =>
      `그 뒤 ${minutes}분 안에 그 주소에서 서명된 요청이 한 번 더 오면 등록이 끝나고, 그다음 요청부터 처리됩니다. 그때까지 온 요청은 거절됩니다.`,
    meApproval: "주소가 늘어나는 것이므로 거래소 담당자의 승인을 받아야 쓰실 수 있습니다.",
    meAlso: "등록이 끝나면 그 주소에서 이 키를 쓸 수 있습니다. 그 주소를 다른 사람이 쓰고 있다면 그 사람도 쓸 수 있습니다.",
    meGo: "네, 등록을 시작합니다",
    meAtOnce: (minutes: number) =>
      `누르시면 다시 묻지 않고 바로 등록이 시작됩니다. 거래소에서 최근 ${minutes}분 안에 2차 인증을 하셨다면 번호를 다시 넣지 않습니다.`,
    notMe: "아니요, 제가 보내지 않았습니다",
    notMeWhat: "이 키가 바로 종료되고 되살릴 수 없습니다. 누구도 이 키로 더 이상 아무것도 할 수 없습니다.",
    notMeDone: "키가 바로 종료되었습니다. 누구도 이 키로 더 이상 아무것도 할 수 없습니다.",
    notMeAlso:
      "고객님의 프로그램도 이 키를 쓸 수 없게 됩니다. 필요하시면 새 키를 신청하실 수 있습니다. 앱과 웹에서의 거래와 출금은 그대로 이용하실 수 있습니다.",
    notMeGo: "아니요, 키를 종료합니다",
    sure: "이 키를 지금 종료하시겠습니까?",
    until: "답하실 기한",
    unanswered: (refused: boolean) =>
      refused
        ? "기한까지 답하지 않으시면 질문만 닫힙니다. 불이익은 없고, 그 주소에서 오는 요청은 계속 거절됩니다."
        : "기한까지 답하지 않으시면 질문만 닫힙니다. 불이익은 없습니다.",
    answeredMe: "직접 보냈다고 답하셨습니다",
    meDone: (address: string) => `주소(${address})의 등록을 시작했습니다. 등록이 끝났는지는 주소 화면에서 보실 수 있습니다.`,
    meAdded: (address: string) => `주소(${address})가 등록되어 있습니다.`,
    nextAdded: "더 하실 일이 없습니다. 그 주소에서 이 키를 쓰실 수 있습니다.",
    answeredNotMe: "키를 종료했습니다",
    lapsed: "답 없이 닫혔습니다",
    gone: "이 키는 이미 종료되었습니다",
    goneText: "답하실 필요가 없습니다. 이 키로는 더 이상 아무도 요청을 보낼 수 없습니다.",
    at: "답하신 때",
    next: "이제 하실 일",
    nextMe: "그 주소에서 서명된 요청을 한 번 더 보내십시오. 그러면 등록이 끝나고 쓰실 수 있습니다.",
    nextApproval: "거래소 담당자의 승인을 기다려 주십시오. 승인되면 그 주소에서 쓰실 수 있습니다.",
    toAddresses: "주소 상태 보기",
    next1: "이 키를 쓰던 프로그램을 멈추고, 저장해 둔 시크릿 키를 지우십시오.",
    next2:
      "시크릿 키를 어디에 두셨는지 떠올려 보십시오. 메신저, 메일, 공개 저장소(GitHub), 다른 사람에게 맡긴 도구에서 새어 나가는 경우가 많습니다.",
    next3: "거래소 비밀번호를 바꾸고, 같은 곳에 두었던 다른 키도 교체하십시오.",
    next4: "다시 필요하시면 새 키를 만드십시오.",
    newKey: "새 키 만들기",
    toKey: "키 보기",
  },
  {
    title: "Did you send this request?",
    lead: (refused: boolean) =>
      refused
        ? "A request correctly signed with this key came from an address that is not registered. It was refused, and nothing happened."
        : "A request correctly signed with this key came from an address that is not registered. The exchange is trying its gate out, so it went through.",
    meaning:
      "Correctly signed means that whoever sent it has this key's secret key. That may be your own program, or somebody else.",
    key: "Which key",
    address: "From where",
    network: "Which network",
    when: "First seen",
    last: "Last seen",
    client: "Program's name",
    count: "How often",
    times: (n: string) => (n === "1" ? "once" : `${n} times`),
    known: "Your registered addresses",
    pending: "(not proved yet)",
    unsure: "Before you answer, look at this",
    unsure1:
      "Address: is it the present public IP address of your home or office line, your telephone or your server? Providers change addresses now and then.",
    unsure2: "Time: was your program running then?",
    unsure3:
      "Program's name: whoever sends a request writes it. It may name a library that many programs share, such as axios or python-requests, so the name alone does not tell who sent it.",
    unsure4: "Secret key: did you ever give it to somebody else or to a tool, or keep it in several places?",
    unsure5: (refused: boolean) =>
      refused
        ? "If you cannot tell now, you need not answer before the time is over. Until then requests from that address stay refused, and the key works from your registered addresses as before."
        : "If you cannot tell now, you need not answer before the time is over. But while the gate is tried out, requests from that address may go through. On the key's page you can rotate the key or end it.",
    me: "Yes, I sent it",
    meWhat: (address: string) => `The registration of ${address} begins. It is not registered yet.`,
    meProof: (minutes: number) =>
      `One more signed request from there within ${minutes} minutes completes it, and the next one after that passes. Until then requests from there are refused.`,
    meApproval: "It adds an address, so somebody at the exchange must agree before it can be used.",
    meAlso: "Once it is registered, this key works from that address. If somebody else uses that address, it works for them too.",
    meGo: "Yes, start registering it",
    meAtOnce: (minutes: number) =>
      `Pressing it starts the registration at once, without asking again. A second factor that you showed at the exchange within the last ${minutes} minutes counts.`,
    notMe: "No, I did not send it",
    notMeWhat: "This key ends at once, for good. Nobody can do anything with it any more.",
    notMeDone: "The key ended at once. Nobody can do anything with it any more.",
    notMeAlso:
      "Your own program can no longer use it either. You can ask for a new key. Trading and withdrawing in the app and on the web work as before.",
    notMeGo: "No, end the key",
    sure: "End this key now?",
    until: "Answer by",
    unanswered: (refused: boolean) =>
      refused
        ? "Without an answer by then the question just closes. Nothing is held against you, and requests from that address stay refused."
        : "Without an answer by then the question just closes. Nothing is held against you.",
    answeredMe: "You said that you sent it",
    meDone: (address: string) => `The registration of ${address} has begun. The page of addresses shows whether it is complete.`,
    meAdded: (address: string) => `${address} is registered.`,
    nextAdded: "Nothing more: the key works from that address.",
    answeredNotMe: "The key has ended",
    lapsed: "It closed unanswered",
    gone: "This key has ended already",
    goneText: "So there is nothing to answer: nobody can send a request with this key any more.",
    at: "Answered",
    next: "What to do now",
    nextMe: "Send one more signed request from that address. That completes the registration, and it can be used.",
    nextApproval: "Please wait until somebody at the exchange agrees. Then it can be used.",
    toAddresses: "See how the address stands",
    next1: "Stop the program that used this key, and delete its secret key wherever it is kept.",
    next2:
      "Think of where the secret key was: messengers, mail, public code (GitHub) and tools run by others are the usual ways out.",
    next3: "Change your password at the exchange, and rotate other keys that were kept in the same place.",
    next4: "If you need a key again, make a new one.",
    newKey: "Make a new key",
    toKey: "See the key",
  },
);
