// An address that leads nowhere.
import { useWords } from "../../i18n/lang";
import { LinkButton } from "../../ui/basics";
import { Page } from "../../ui/shell";
import { ownerWords } from "../words";

export function NoPage() {
  const w = useWords(ownerWords);
  return (
    <Page title={w.pageMissing}>
      <p>{w.pageMissingText}</p>
      <div>
        <LinkButton to="/">{w.toHome}</LinkButton>
      </div>
    </Page>
  );
}
