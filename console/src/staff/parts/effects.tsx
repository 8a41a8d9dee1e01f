// What a plan would change, in words: subject, field, before, after.

import { instant } from "../../i18n/format";
import { useLang, useWords } from "../../i18n/lang";
import { words } from "../../i18n/words";
import { Id } from "../../ui/basics";
import { classText } from "../../ui/classes";
import { shortId } from "../../ui/ids";
import { Table } from "../../ui/lists";
import { keyStateWords, measureWords } from "../../ui/measure";
import { roleText, roleWords } from "../../ui/roles";
import { bodyLines, coversLines } from "./campaignText";
import { isRamp, rampLines } from "./rampText";
import { reasonSaid } from "./reasonSaid";
import { type Effect, loose, type Plan } from "./shapes";
import { endWords, fieldWords, scopeWords, word } from "./words";

const effectWords = words(
  {
    caption: "바뀌는 내용",
    subject: "대상",
    field: "항목",
    before: "지금",
    after: "바뀐 뒤",
    nothing: "키 자체의 상태는 바뀌지 않습니다. 원장에 이 결정이 기록됩니다.",
    warnings: "주의",
    none: "없음",
    entry: (kind: string) => `원장 항목: ${kind}`,
  },
  {
    caption: "What changes",
    subject: "Of",
    field: "What",
    before: "Now",
    after: "Then",
    nothing: "No key changes its state. The ledger records the decision.",
    warnings: "Mind",
    none: "none",
    entry: (kind: string) => `Ledger entry: ${kind}`,
  },
);

/** Kinds of things that records name and no page shows by itself. */
const subjectWords = words(
  {
    user: "직원",
    vendor: "외부 업체",
    token: "시스템 토큰",
    cluster: "함께 움직이는 키",
    venue: "거래소 설정",
    account: "계정",
    customer: "고객",
    person: "개인",
    operator: "운용자",
    delegation: "위임",
    canary: "점검용 키",
    measure: "조치",
    task: "할 일",
  },
  {
    user: "user",
    vendor: "vendor",
    token: "token",
    cluster: "keys that act together",
    venue: "venue",
    account: "account",
    customer: "customer",
    person: "person",
    operator: "operator",
    delegation: "delegation",
    canary: "canary",
    measure: "measure",
    task: "task",
  },
);

const WARNINGS: Record<string, string> = {
  "it can place orders and not cancel them": "주문은 낼 수 있으나 취소는 할 수 없는 키입니다",
};
const WAITS = /^waits for another person with the role `([a-z_]+)`$/;
const waitsWords = words(
  { waits: (role: string) => `다른 한 사람(${role})의 승인을 기다립니다` },
  { waits: (role: string) => `Waits for another person to agree: ${role}` },
);

/** Fields of staff, machines and gates. */
const accessFields = words(
  {
    created_us: "만든 때",
    created_by: "만든 사람",
    invite: "초대 코드",
    invite_until_us: "초대 유효 기한",
    invited_by: "초대한 사람",
    name: "이름",
    email: "이메일",
    expires_us: "종료 예정",
    digest: "토큰",
    gate: "게이트",
    hashed: "해시로만 저장",
    body: "내용",
    began_us: "시작",
    proposed_by: "제안한 사람",
    terms: "약관 버전",
    covers: "지금 대상이 되는 키",
  },
  {
    created_us: "Created",
    created_by: "Made by",
    invite: "Invite",
    invite_until_us: "Invite holds until",
    invited_by: "Invited by",
    name: "Name",
    email: "E-mail",
    expires_us: "Ends",
    digest: "Token",
    gate: "Gate",
    hashed: "kept as a hash only",
    body: "Content",
    began_us: "Begun",
    proposed_by: "Proposed by",
    terms: "Version of the terms",
    covers: "Keys it asks about now",
  },
);

/** States of staff, machines, gates and policies. */
const accessStates = words(
  {
    invited: "초대됨",
    enrolling: "등록 중",
    enrolled: "등록됨",
    waiting: "승인 대기",
    active: "사용 중",
    disabled: "비활성",
    revoked: "폐기됨",
    proposed: "제안됨",
    retired: "폐기됨",
    running: "진행 중",
    paused: "일시 중지",
    stopped: "중단됨",
  },
  {
    invited: "Invited",
    enrolling: "Enrolling",
    enrolled: "Enrolled",
    waiting: "Waits for approval",
    active: "Active",
    disabled: "Disabled",
    revoked: "Revoked",
    proposed: "Proposed",
    retired: "Retired",
    running: "Running",
    paused: "Paused",
    stopped: "Stopped",
  },
);

function useValue(): (field: string, value: unknown) => string {
  const { lang } = useLang();
  const w = useWords(effectWords);
  const states: Record<string, unknown> = { ...useWords(accessStates), ...useWords(keyStateWords) };
  const measures = useWords(measureWords) as Record<string, unknown>;
  const scopes = useWords(scopeWords) as Record<string, unknown>;
  const ends = useWords(endWords) as Record<string, unknown>;
  const access = useWords(accessFields);
  const roles = useWords(roleWords);
  return (field, value) => {
    if (value === null || value === undefined || value === "") return w.none;
    if (field === "invite" || field === "digest") return access.hashed;
    if (typeof value === "number" && field.endsWith("_us")) return instant(lang, new Date(value / 1_000).toISOString());
    if (field === "roles" && Array.isArray(value)) return value.map((role) => roleText(roles, String(role))).join(", ");
    if (typeof value === "string") {
      if (/^\d{4}-\d\d-\d\dT.*Z$/.test(value)) return instant(lang, value);
      if (field.startsWith("state")) return word(states, value);
      if (field === "reason") return reasonSaid(lang, value);
      if (field === "measure" || field === "before_hold") return word(measures, value);
      if (field === "cause") return word(ends, value);
      if (field === "review_by" || field === "proposed_by") return value.replace(/^user:/, "");
      return value;
    }
    if (Array.isArray(value)) {
      if (value.length === 0) return w.none;
      return value.map((one) => (typeof one === "string" ? word(scopes, one) : JSON.stringify(one))).join(", ");
    }
    const covered = field === "covers" ? coversLines(lang, value) : null;
    if (covered !== null) return covered.join("\n");
    const campaign = bodyLines(lang, value);
    if (campaign !== null) return campaign.join("\n");
    if (isRamp(value)) return rampLines(lang, value).join("\n");
    return typeof value === "object" ? JSON.stringify(value) : String(value);
  };
}

/** The page of a thing that a record names, such as `key:K1`. */
function addressOf(subject: string): string | undefined {
  const [kind, ...rest] = subject.split(":");
  const id = encodeURIComponent(rest.join(":"));
  switch (kind) {
    case "key":
      return `/keys/${id}`;
    case "case":
      return `/cases/${id}`;
    case "approval":
      return `/approvals/${id}`;
    case "policy":
      return `/policy/${id}`;
    case "gate":
      return `/gates/${id}`;
    case "ramp":
      return "/ramp";
    case "campaign":
      return `/campaign?campaign=${id}`;
    default:
      return undefined;
  }
}

export function Subject({ of }: { of: string }) {
  const kinds = useWords(subjectWords) as Record<string, unknown>;
  const to = addressOf(of);
  const [kind = "", ...rest] = of.split(":");
  const label = rest.join(":") || of;
  if (to !== undefined) return <Id id={label} to={to} />;
  const known = rest.length > 0 && typeof kinds[kind] === "string";
  return (
    <span title={of}>
      {known ? `${word(kinds, kind)} ` : null}
      <span className="mono">{shortId(known ? label : of)}</span>
    </span>
  );
}

export function Effects({ plan }: { plan: Plan }) {
  const w = useWords(effectWords);
  const { lang } = useLang();
  const fields = { ...useWords(accessFields), ...useWords(fieldWords) } as Record<string, unknown>;
  const value = useValue();
  // Newer servers give the words with it.
  const said = new Map((loose<{ said: { ko: string; en: string }[] }>(plan).said ?? []).map(({ en, ko }) => [en, ko]));
  const waits = useWords(waitsWords);
  const roles = useWords(roleWords);
  const warned = (warning: string) => {
    const role = WAITS.exec(warning)?.[1];
    if (role !== undefined) return waits.waits(roleText(roles, role));
    return lang === "ko" ? (said.get(warning) ?? WARNINGS[warning] ?? warning) : warning;
  };
  const subjects = new Set(plan.effects.map((effect) => effect.subject));
  const [only] = subjects.size === 1 ? subjects : [];
  return (
    <div className="stack tight">
      {only === undefined ? null : (
        <p>
          {w.subject} <Subject of={only} />
        </p>
      )}
      {plan.effects.length === 0 ? (
        <p>{w.nothing}</p>
      ) : (
        <Table
          caption={w.caption}
          rows={plan.effects}
          id={(effect) => `${effect.subject} ${effect.field}`}
          columns={[
            ...(only === undefined ? [{ head: w.subject, cell: (effect: Effect) => <Subject of={effect.subject} /> }] : []),
            { head: w.field, cell: (effect) => word(fields, effect.field) },
            { head: w.before, cell: (effect) => <span className="preline">{value(effect.field, effect.before)}</span> },
            { head: w.after, cell: (effect) => <strong className="preline">{value(effect.field, effect.after)}</strong> },
          ]}
        />
      )}
      {plan.warnings.length === 0 ? null : (
        <div className="notice warn">
          <strong>{w.warnings}</strong>
          <ul>
            {plan.warnings.map((warning) => (
              <li key={warning}>{warned(warning)}</li>
            ))}
          </ul>
        </div>
      )}
      <p className="muted">
        <span title={plan.class}>{w.entry(classText(lang, plan.class))}</span>
      </p>
    </div>
  );
}
