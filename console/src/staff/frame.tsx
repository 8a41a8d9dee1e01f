// The frame of the console: asks who is signed in, follows what changes, and shows the page. Of a session that ends, the page stays and the
// sign-in form stands over it.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, good } from "../api/client";
import { useLive } from "../api/live";
import { useLostSince } from "../api/reach";
import { type Session, SignedIn, useEnded, useMe, useSessionQuery } from "../api/session";
import { hourMinute } from "../i18n/format";
import { useLang, useWords } from "../i18n/lang";
import { BannerText } from "../ui/banner";
import { Badge, Button } from "../ui/basics";
import { Dialog } from "../ui/forms";
import { Page } from "../ui/pending";
import { roleText, roleWords } from "../ui/roles";
import { type Place, Shell } from "../ui/shell";
import { Loading, Refused, useFailure } from "../ui/states";
import { forgetTyped } from "./parts/typed";
import { SignIn } from "./signIn";
import { StepUp } from "./stepUp";
import { staffWords } from "./words";

export function Frame() {
  const session = useSessionQuery();
  const failure = useFailure(session);
  // Whoever was signed in, while his session has ended: his page stays, with what he typed, under the form.
  const [last, setLast] = useState<Session | null>(null);
  if (session.data && last !== null && session.data.principal !== last.principal) return <Another />;
  if (session.data && session.data !== last) setLast(session.data);
  if (session.data === undefined) {
    return (
      <main className="alone">
        <section className="card">
          {failure ? <Refused error={failure} again={() => void session.refetch()} /> : <Loading />}
        </section>
      </main>
    );
  }
  const shown = session.data ?? last;
  if (shown === null) return <SignedOut />;
  return (
    <SignedIn session={shown}>
      <StepUp>
        <Inside />
      </StepUp>
    </SignedIn>
  );
}

function SignedOut() {
  const w = useWords(staffWords);
  const { lang, speak } = useLang();
  // Told to everybody, signed in or not.
  const facts = useQuery({ queryKey: ["facts"], queryFn: () => good(api.GET("/v1/owner/facts")), staleTime: 60_000 }).data;
  const other = lang === "ko" ? "en" : "ko";
  return (
    <main className="alone">
      <section className="card stack">
        {facts?.banner ? (
          <div className="notice warn">
            <BannerText text={facts.banner} />
          </div>
        ) : null}
        <div className="row spread">
          <span className="muted">{facts ? `${facts.venue[lang]} · ${w.name}` : w.name}</span>
          <Button look="quiet" small onPress={() => speak(other)}>
            <span lang={other}>{w.other}</span>
          </Button>
        </div>
        <h1>{w.signInTitle}</h1>
        <SignIn />
      </section>
    </main>
  );
}

/** Another person starts anew: what one read and typed, some of it not for everybody, is not shown to the next. */
function Another() {
  useEffect(() => window.location.reload(), []);
  return (
    <main className="alone">
      <Loading />
    </main>
  );
}

function Inside() {
  const w = useWords(staffWords);
  const client = useQueryClient();
  const roles = useWords(roleWords);
  const { session, has } = useMe();
  // Support alone neither follows nor sees the overview; asked all the same, each answer would be a no.
  const watches = has("viewer", "analyst", "approver", "compliance_lead", "security_admin", "auditor");
  const live = useLive(watches);
  const lost = useLostSince(live);
  const ended = useEnded();
  const facts = useQuery({
    queryKey: ["overview"],
    queryFn: () => good(api.GET("/v1/overview")),
    enabled: watches,
    refetchInterval: 10_000,
  });
  const places: Place[] = [
    { to: "/", label: w.overview },
    { to: "/cases", label: w.cases, count: facts.data?.queue.open },
    { to: "/keys", label: w.keys },
    { to: "/approvals", label: w.approvals, count: facts.data?.approvals.mine },
    { to: "/ledger", label: w.ledger },
    { to: "/policy", label: w.policy },
    { to: "/ramp", label: w.ramp },
    { to: "/drift", label: w.drift },
    { to: "/campaign", label: w.campaign },
    ...(has("security_admin", "auditor", "compliance_lead") ? [{ to: "/people", label: w.people }] : []),
  ];
  async function signOut() {
    await api.DELETE("/v1/sessions/current");
    client.clear();
    forgetTyped();
    window.location.assign("/");
  }
  const banner = facts.data?.banner;
  return (
    <Shell
      name={w.name}
      places={places}
      who={`${session.principal.replace(/^user:/, "")} · ${session.roles.map((role) => roleText(roles, role)).join(", ")}`}
      status={
        !watches ? undefined : lost !== null ? (
          <Badge tone="expire">{w.lost(hourMinute(lost))}</Badge>
        ) : (
          <Badge tone={live === "live" ? "good" : "plain"}>{live === "live" ? w.live : w.joining}</Badge>
        )
      }
      banner={
        banner ? (
          <div className="banner">
            <BannerText text={banner} />
          </div>
        ) : undefined
      }
      onSignOut={() => void signOut()}
    >
      <Page />
      <Dialog title={w.signInTitle} open={ended} onClose={() => undefined}>
        <SignIn again />
      </Dialog>
    </Shell>
  );
}
