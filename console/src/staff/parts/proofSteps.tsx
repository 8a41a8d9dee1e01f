// How anybody checks, without trusting this server, that an entry stands in the ledger: files saved here and one command. The way that signs
// in at a terminal stands below, folded.
import { useState } from "react";
import { Link } from "react-router";
import { api, good, type Schemas } from "../../api/client";
import { useWrite } from "../../api/queries";
import { useMe } from "../../api/session";
import { useWords } from "../../i18n/lang";
import { words } from "../../i18n/words";
import { Button, Command } from "../../ui/basics";
import { save } from "../../ui/download";
import { Refused } from "../../ui/states";
import { useSay } from "../../ui/toasts";
import { serverUrl } from "./server";
import { entryFile, proofFile, useCheck } from "./vkey";

const stepWords = words(
  {
    summary: "이 기록을 직접 검증하기",
    lead: "파일을 저장한 뒤 명령 하나로 확인합니다. 로그인도, 서버도, 네트워크도 필요하지 않습니다.",
    saveProof: "증명 저장",
    saveEntry: "내용 저장",
    saved: "파일을 저장했습니다.",
    masked: "가려진 항목이 있어 내용은 기록 화면에서 전체를 열람한 뒤 저장할 수 있습니다.",
    open: "기록 화면 열기",
    alone: "증명만 확인하기",
    together: "증명과 내용을 함께 확인하기",
    here: "Sumun을 시작한 폴더에서 실행하십시오. 다른 곳에 저장했다면 ~/Downloads/를 그 폴더로 바꾸십시오.",
    vkey: "vkey는 원장의 검증 키이고, 처음에 따로 받은 파일을 쓰십시오. 서버가 가진 사본은 시험해 볼 때만 씁니다.",
    terminal: "터미널에서 로그인하여 받기",
    signIn: "1. 로그인합니다. 비밀번호와 인증 코드는 터미널이 묻습니다.",
    fetch: "2. 증명을 받습니다.",
    check: "3. 받은 파일을 확인합니다.",
  },
  {
    summary: "Check this entry yourself",
    lead: "Save the files, then check them by one command. It takes neither signing in nor a server nor a network.",
    saveProof: "Save proof",
    saveEntry: "Save entry",
    saved: "The file was saved.",
    masked: "Parts of it are masked: what it says is saved on the entry's own page, once it is shown in full.",
    open: "Open the entry",
    alone: "The proof alone",
    together: "Proof and entry together",
    here: "Run it in the folder where Sumun was started. If your browser saves elsewhere, put that folder for ~/Downloads/.",
    vkey: "vkey is the ledger’s verifier key: use the file you were handed at the start. The server’s own copy is only for trying.",
    terminal: "Fetch it at a terminal, signed in",
    signIn: "1. Sign in. The terminal asks for password and code.",
    fetch: "2. Fetch the proof.",
    check: "3. Check what was fetched.",
  },
);

export function ProofSteps({ entry }: { entry: number }) {
  const w = useWords(stepWords);
  const { session, has } = useMe();
  const { command, here } = useCheck();
  const user = session.principal.replace(/^user:/, "");
  return (
    <details>
      <summary>{w.summary}</summary>
      <div className="stack">
        <p>{w.lead}</p>
        <Files entry={entry} />
        <Step text={w.alone} command={command(entry, false)} />
        {has("auditor", "security_admin", "compliance_lead") ? <Step text={w.together} command={command(entry, true)} /> : null}
        <p className="muted">{here ? `${w.here} ${w.vkey}` : w.vkey}</p>
        <details>
          <summary>{w.terminal}</summary>
          <div className="stack">
            <Step text={w.signIn} command={`sumun login ${user} --server ${serverUrl()}`} />
            <Step text={w.fetch} command={`sumun ledger proof ${entry} --out ${proofFile(entry)}`} />
            <Step text={w.check} command={`sumun ledger verify-proof ${proofFile(entry)} --vkey vkey`} />
            {here ? <p className="muted">{w.vkey}</p> : null}
          </div>
        </details>
      </div>
    </details>
  );
}

/** What the entry says is only for whoever may read it, and only whole is it proved. */
function Files({ entry }: { entry: number }) {
  const w = useWords(stepWords);
  const say = useSay();
  const { has } = useMe();
  const [masked, setMasked] = useState(false);
  const proof = useWrite((index: number) =>
    good(api.GET("/v1/ledger/entries/{index}/proof", { params: { path: { index } }, parseAs: "text" })),
  );
  const whole = useWrite((index: number) =>
    good(api.GET("/v1/ledger/entries/{index}", { params: { path: { index } }, parseAs: "text" })),
  );
  return (
    <div className="stack tight">
      <div className="row">
        <Button
          look="primary"
          isPending={proof.isPending}
          onPress={() =>
            proof.mutate(entry, {
              onSuccess: (text) => {
                save(proofFile(entry), text);
                say(w.saved);
              },
            })
          }
        >
          {w.saveProof}
        </Button>
        {has("auditor", "security_admin", "compliance_lead") ? (
          <Button
            isPending={whole.isPending}
            onPress={() =>
              whole.mutate(entry, {
                onSuccess: (text) => {
                  const hides = (JSON.parse(text) as Schemas["LedgerEntry"]).masked.length > 0;
                  setMasked(hides);
                  if (hides) return;
                  save(entryFile(entry), text, "application/json");
                  say(w.saved);
                },
              })
            }
          >
            {w.saveEntry}
          </Button>
        ) : null}
      </div>
      {masked ? (
        <p className="notice warn" role="status">
          {w.masked} <Link to={`/ledger/${entry}`}>{w.open}</Link>
        </p>
      ) : null}
      {proof.error ? <Refused error={proof.error} /> : null}
      {whole.error ? <Refused error={whole.error} /> : null}
    </div>
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
