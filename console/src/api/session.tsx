// Who is signed in. A 401 on any read or write ends up here: the page stays where it is, and the sign-in form stands over it, so that
// nothing typed is lost.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { api, good, Problem, type Schemas } from "./client";

export type Session = Schemas["SessionView"];
export type StaffRole = Schemas["StaffRole"];

type Known = { session: Session; has: (...roles: StaffRole[]) => boolean };
const Context = createContext<Known | null>(null);

export const sessionKey = ["sessions", "current"];

export function useSessionQuery() {
  return useQuery({
    queryKey: sessionKey,
    queryFn: async () => {
      try {
        return await good(api.GET("/v1/sessions/current"));
      } catch (error) {
        if (error instanceof Problem && error.status === 401) return null;
        throw error;
      }
    },
    // A session ends while a tab sleeps; it is asked again when somebody looks.
    refetchOnWindowFocus: "always",
    refetchInterval: 60_000,
  });
}

/** Whether any answer since then said that nobody is signed in. */
export function useEnded(): boolean {
  const client = useQueryClient();
  const [ended, setEnded] = useState(false);
  useEffect(() => {
    const heard = (error: unknown) => {
      if (error instanceof Problem && error.status === 401 && error.code === "not_signed_in") setEnded(true);
    };
    const reads = client.getQueryCache().subscribe((event) => {
      if (event.type === "updated" && event.action.type === "error") heard(event.action.error);
      if (event.type === "updated" && event.action.type === "success" && event.query.queryKey[0] === "sessions")
        setEnded(event.query.state.data === null);
    });
    const writes = client.getMutationCache().subscribe((event) => {
      if (event.type === "updated" && event.action.type === "error") heard(event.action.error);
    });
    return () => {
      reads();
      writes();
    };
  }, [client]);
  return ended;
}

export function SignedIn({ session, children }: { session: Session; children: ReactNode }) {
  const known = useMemo<Known>(
    () => ({ session, has: (...roles) => roles.some((role) => session.roles.includes(role)) }),
    [session],
  );
  return <Context.Provider value={known}>{children}</Context.Provider>;
}

/** Whoever is signed in. Only below {@link SignedIn}. */
export function useMe(): Known {
  const known = useContext(Context);
  if (known === null) throw new Error("useMe outside of SignedIn");
  return known;
}
