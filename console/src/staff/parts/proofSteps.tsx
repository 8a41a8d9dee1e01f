// How anybody checks, at a terminal and without trusting this server, that an entry stands in the ledger: every command, in order.
import { useMe } from "../../api/session";
import { useWords } from "../../i18n/lang";
import { words } from "../../i18n/words";
import { Command } from "../../ui/basics";
import { serverUrl } from "./server";

const stepWords = words(
  {
    summary: "이 기록을 터미널에서 직접 검증하기",
    signIn: "1. 로그인합니다. 비밀번호와 인증 코드는 터미널이 묻습니다.",
    fetch: "2. 증명을 받습니다.",
    key: "3. 원장의 검증 키(vkey)를 준비합니다. 설치할 때 sumun init이 보여 준 키이며, 제어 서버에서는 데이터 폴더(data_dir)의 ledger/vkey 파일입니다. 이 서버를 믿지 않고 확인하려면 설치할 때 따로 받아 둔 파일을 쓰십시오.",
    check: "4. 서버도 네트워크도 없이 확인합니다.",
  },
  {
    summary: "Check this entry yourself, at a terminal",
    signIn: "1. Sign in. The terminal asks for password and code.",
    fetch: "2. Fetch the proof.",
    key: "3. Have the ledger's verifier key (vkey) at hand: sumun init showed it, and on the control plane's machine it is the file ledger/vkey in the data folder (data_dir). To check without trusting this server, use the copy you were handed when it was set up.",
    check: "4. Check it, with neither server nor network.",
  },
);

export function ProofSteps({ entry }: { entry: number }) {
  const w = useWords(stepWords);
  const { session } = useMe();
  const user = session.principal.replace(/^user:/, "");
  return (
    <details>
      <summary>{w.summary}</summary>
      <div className="stack">
        <Step text={w.signIn} command={`sumun login ${user} --server ${serverUrl()}`} />
        <Step text={w.fetch} command={`sumun ledger proof ${entry} --out ${entry}.proof`} />
        <Step text={w.key} command="cp sumun-data/ledger/vkey vkey" />
        <Step text={w.check} command={`sumun ledger verify-proof ${entry}.proof --vkey vkey`} />
      </div>
    </details>
  );
}

function Step({ text, command }: { text: string; command: string }) {
  return (
    <div className="stack tight">
      <span className="muted">{text}</span>
      <Command text={command} />
    </div>
  );
}
