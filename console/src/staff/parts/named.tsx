// Operators and vendors by the name people call them, with the id beside it for whoever has to look it up. Where the name cannot be read, the
// id stands alone.
import { useQuery } from "@tanstack/react-query";
import { api, good } from "../../api/client";
import { useWords } from "../../i18n/lang";
import { words } from "../../i18n/words";

/** Who an operator is that has no name of its own. */
const operatorKinds = words(
  { owner: "소유자 본인", employee: "소유자의 직원", desk: "소유자의 부서", vendor: "외부 업체" },
  { owner: "The owner", employee: "An employee of the owner", desk: "A desk of the owner", vendor: "A vendor" },
);

function Named({ name, id }: { name: string | null | undefined; id: string }) {
  return !name ? (
    <span className="mono">{id}</span>
  ) : (
    <span>
      {name} <span className="mono muted">{id}</span>
    </span>
  );
}

export function Operator({ id }: { id: string }) {
  const w = useWords(operatorKinds);
  const found = useQuery({
    queryKey: ["operators", id],
    queryFn: () => good(api.GET("/v1/operators/{operator}", { params: { path: { operator: id } } })),
    staleTime: 60_000,
  });
  const kind = found.data?.kind;
  return <Named name={found.data?.name ?? (kind === undefined ? undefined : w[kind])} id={id} />;
}

export function Vendor({ id }: { id: string }) {
  const found = useQuery({
    queryKey: ["vendors", id],
    queryFn: () => good(api.GET("/v1/vendors/{vendor}", { params: { path: { vendor: id } } })),
    staleTime: 60_000,
  });
  return <Named name={found.data?.name} id={id} />;
}
