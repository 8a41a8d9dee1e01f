// The frame of the owner's page. Without a session it says where to sign in, and never asks for anything itself. Of a session that ends, the
// page stays as it is, a secret that is shown once above all: a bar over it says what to do.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useLocation, useNavigate } from "react-router";
import { api } from "../api/client";
import { useEnded, useSessionQuery } from "../api/session";
import { useLang, useWords } from "../i18n/lang";
import { BannerText } from "../ui/banner";
import { Button } from "../ui/basics";
import { Page } from "../ui/pending";
import { type Place, Shell } from "../ui/shell";
import { Loading, useFailure } from "../ui/states";
import { useTheme } from "../ui/theme";
import { useOpenFacts } from "./facts";
import { Refused } from "./parts/act";
import { ToExchange } from "./parts/exchange";
import { useTasks } from "./parts/tasks";
import { keepPlace, takePlace } from "./place";
import { ownerWords } from "./words";

export function Frame() {
  const session = useSessionQuery();
  const failure = useFailure(session);
  const ended = useEnded();
  const was = useRef<string | null>(null);
  if (session.data && was.current !== null && session.data.principal !== was.current) return <Another />;
  if (session.data) was.current = session.data.principal;
  if (session.data === undefined && was.current === null) {
    return (
      <main className="alone owner">
        <section className="card">
          {failure ? <Refused error={failure} again={() => void session.refetch()} /> : <Loading />}
        </section>
      </main>
    );
  }
  return was.current === null ? <SignedOut /> : <Inside ended={ended || session.data === null} />;
}

/** Another customer in this browser: what one read and typed is not shown to the next. */
function Another() {
  useEffect(() => {
    window.sessionStorage.clear();
    window.location.reload();
  }, []);
  return (
    <main className="alone owner">
      <Loading />
    </main>
  );
}

function SignedOut() {
  const w = useWords(ownerWords);
  const { lang, speak } = useLang();
  const facts = useOpenFacts().data;
  // Follows the system here too: there is no menu to choose by.
  useTheme();
  useEffect(keepPlace, []);
  return (
    <main className="alone owner">
      <section className="card stack">
        {facts?.banner ? (
          <div className="notice warn">
            <BannerText text={facts.banner} />
          </div>
        ) : null}
        <div className="row spread">
          <span className="muted">{facts ? `${facts.venue[lang]} · ${w.name}` : w.name}</span>
          <Button look="quiet" small onPress={() => speak(lang === "ko" ? "en" : "ko")}>
            {w.other}
          </Button>
        </div>
        <h1>{w.outTitle}</h1>
        <p>{w.outText}</p>
        <ToExchange label={w.outGo} />
        <p className="muted">{w.outSafe}</p>
      </section>
    </main>
  );
}

function Inside({ ended }: { ended: boolean }) {
  const w = useWords(ownerWords);
  const { lang } = useLang();
  const client = useQueryClient();
  const facts = useOpenFacts();
  const asked = useTasks().tasks?.filter((task) => task.asked).length;
  const navigate = useNavigate();
  const { pathname } = useLocation();
  // The exchange always returns its customer to `/`; he goes on where he was.
  useEffect(() => {
    if (pathname !== "/") return;
    const place = takePlace();
    if (place !== null) void navigate(place, { replace: true });
  }, [pathname, navigate]);
  const places: Place[] = [
    { to: "/", label: w.home, current: /^\/(?!keys\/new$)(keys|questions|verifications)\//.test(pathname) },
    { to: "/notices", label: w.notices, count: asked },
    { to: "/keys/new", label: w.newKey },
    { to: "/record", label: w.record },
  ];
  async function signOut() {
    await api.DELETE("/v1/sessions/current");
    window.sessionStorage.clear();
    client.clear();
    window.location.assign("/");
  }
  return (
    <div className="owner">
      <Shell
        name={w.name}
        places={places}
        who={facts.data?.venue[lang]}
        banner={
          facts.data?.banner || ended ? (
            <div className="banners">
              {facts.data?.banner ? (
                <div className="banner">
                  <BannerText text={facts.data.banner} />
                </div>
              ) : null}
              {ended ? <Ended /> : null}
            </div>
          ) : undefined
        }
        onSignOut={() => void signOut()}
      >
        <Page />
      </Shell>
    </div>
  );
}

function Ended() {
  const w = useWords(ownerWords);
  const client = useQueryClient();
  useEffect(keepPlace, []);
  return (
    <div className="banner ended" role="alert">
      <div>
        <strong>{w.endedTitle}</strong>
        <p>{w.endedText}</p>
      </div>
      <div className="row">
        <ToExchange label={w.outGo} apart />
        <Button onPress={() => void client.invalidateQueries()}>{w.endedBack}</Button>
      </div>
    </div>
  );
}
