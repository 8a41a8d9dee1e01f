// Signing in with name, password and code. Which of them was wrong is not told.
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, good, Problem } from "../api/client";
import { sessionKey } from "../api/session";
import { useWords } from "../i18n/lang";
import { Button } from "../ui/basics";
import { Field, letters } from "../ui/forms";
import { Refused } from "../ui/states";
import { staffWords } from "./words";

/** So many letters the server takes at most. */
const PASSWORD_MOST = 256;

export function SignIn({ again = false }: { again?: boolean }) {
  const w = useWords(staffWords);
  const client = useQueryClient();
  const [user, setUser] = useState("");
  const [password, setPassword] = useState("");
  const [totp, setTotp] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Problem | null>(null);
  const long = letters(password) > PASSWORD_MOST;
  async function submit(event: FormEvent) {
    event.preventDefault();
    if (busy || long) return;
    setBusy(true);
    setError(null);
    try {
      await good(api.POST("/v1/sessions", { body: { user, password, totp, keep: "cookie" } }));
      setPassword("");
      await client.invalidateQueries({ queryKey: sessionKey });
      await client.invalidateQueries();
    } catch (caught) {
      if (caught instanceof Problem) setError(caught);
      else throw caught;
    } finally {
      setTotp("");
      setBusy(false);
    }
  }
  return (
    <form className="stack" onSubmit={submit}>
      {again ? <p>{w.signInAgain}</p> : null}
      <Field
        label={w.user}
        value={user}
        onChange={setUser}
        autoComplete="username"
        autoFocus
        isRequired
        validationBehavior="native"
      />
      <Field
        label={w.password}
        type="password"
        value={password}
        onChange={setPassword}
        autoComplete="current-password"
        most={long ? PASSWORD_MOST : undefined}
        isRequired
        validationBehavior="native"
      />
      <Field
        label={w.code}
        value={totp}
        onChange={setTotp}
        autoComplete="one-time-code"
        inputMode="numeric"
        isRequired
        validationBehavior="native"
      />
      {error ? <Refused error={error} /> : null}
      <Button type="submit" look="primary" isPending={busy}>
        {w.signIn}
      </Button>
    </form>
  );
}
