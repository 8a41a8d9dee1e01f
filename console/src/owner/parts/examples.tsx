// How to send one signed request, to paste: Python with ccxt, and a shell with curl. With a code, the request carries it.
import { useState } from "react";
import { useWords } from "../../i18n/lang";
import { words } from "../../i18n/words";
import { Choice } from "../../ui/forms";
import { Lines } from "./secret";

const exampleWords = words(
  {
    title: "요청을 보내는 방법",
    how: "어떻게 보내시겠습니까?",
    own: "쓰시는 프로그램",
    python: "파이썬 (ccxt)",
    curl: "터미널 (curl)",
    ownText: "쓰시던 프로그램에서 잔고나 주문 조회를 한 번 하시면 됩니다.",
    ownCode: (code: string) =>
      `프로그램에서 아무 조회에나 매개변수(sumun_code=${code})를 넣어 한 번 보내십시오. 주문 조회의 identifier 값으로 넣으셔도 됩니다.`,
    fill: "API 키와 시크릿 키 자리에는 쓰시던 값을, 주소에는 평소 쓰시는 API 주소를 넣으십시오.",
    api: "평소 쓰시는 API 주소",
  },
  {
    title: "How to send a request",
    how: "How will you send it?",
    own: "My own program",
    python: "Python (ccxt)",
    curl: "Terminal (curl)",
    ownText: "Let your program look up your balance or orders once.",
    ownCode: (code: string) =>
      `Let your program make any look-up once with the parameter sumun_code=${code}. As the value of \`identifier\` of an order's look-up it counts too.`,
    fill: "Put in your own API key and secret key, and the API address you always use.",
    api: "the API address you use",
  },
);

type Way = "own" | "python" | "curl";

function python(code: string | undefined, api: string): string {
  const params = code === undefined ? "" : `{"sumun_code": "${code}"}`;
  return [
    "import ccxt",
    "",
    'exchange = ccxt.upbit({"apiKey": "API-KEY", "secret": "SECRET-KEY"})',
    `exchange.urls["api"] = {"public": "https://API", "private": "https://API"}  # ${api}`,
    `print(exchange.private_get_accounts(${params}))`,
  ].join("\n");
}

function curl(code: string | undefined, api: string): string {
  const hash =
    code === undefined
      ? `P=$(printf '{"access_key":"%s","nonce":"%s"}' "$AK" "$(uuidgen)" | b64)`
      : [
          `Q="sumun_code=${code}"`,
          `QH=$(printf %s "$Q" | openssl dgst -sha512 -hex | sed 's/.* //')`,
          `P=$(printf '{"access_key":"%s","nonce":"%s","query_hash":"%s","query_hash_alg":"SHA512"}' "$AK" "$(uuidgen)" "$QH" | b64)`,
        ].join("\n");
  return [
    `API=https://API  # ${api}`,
    "AK=API-KEY; SK=SECRET-KEY",
    "b64() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }",
    `H=$(printf '{"alg":"HS256","typ":"JWT"}' | b64)`,
    hash,
    `S=$(printf %s "$H.$P" | openssl dgst -sha256 -hmac "$SK" -binary | b64)`,
    `curl -H "Authorization: Bearer $H.$P.$S" "$API/v1/accounts${code === undefined ? "" : "?$Q"}"`,
  ].join("\n");
}

export function Examples({ code }: { code?: string }) {
  const w = useWords(exampleWords);
  const [way, setWay] = useState<Way>("own");
  return (
    <div className="stack tight">
      <Choice
        label={w.how}
        value={way}
        onChange={setWay}
        of={[
          ["own", w.own],
          ["python", w.python],
          ["curl", w.curl],
        ]}
      />
      {way === "own" ? (
        <p>{code === undefined ? w.ownText : w.ownCode(code)}</p>
      ) : (
        <>
          <p className="muted">{w.fill}</p>
          <Lines text={way === "python" ? python(code, w.api) : curl(code, w.api)} />
        </>
      )}
    </div>
  );
}
