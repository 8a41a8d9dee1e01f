// On the first page: that keys wait to be registered, and where to do so. Nothing while none does.
import { useWords } from "../../../i18n/lang";
import { Card, LinkButton } from "../../../ui/basics";
import { useRegistrations, waits } from "./reads";
import { registerWords } from "./words";

export function ToRegister() {
  const w = useWords(registerWords);
  const waiting = useRegistrations().data?.filter(waits) ?? [];
  if (waiting.length === 0) return null;
  return (
    <Card title={w.card(waiting.length)}>
      <div className="stack tight">
        {waiting.some(({ state }) => state === "read_only") ? <p>{w.cardLate}</p> : null}
        <p>{w.cardText}</p>
        <div>
          <LinkButton to="/register" look="primary">
            {w.cardGo}
          </LinkButton>
        </div>
      </div>
    </Card>
  );
}
