import { useWords } from "../../i18n/lang";
import { LinkButton } from "../../ui/basics";
import { Page } from "../../ui/shell";
import { staffWords } from "../words";

export function NoPage() {
  const w = useWords(staffWords);
  return (
    <Page title={w.noPage}>
      <div>
        <LinkButton to="/">{w.overview}</LinkButton>
      </div>
    </Page>
  );
}
