// Operators and vendors by the name people call them, with the id beside it for whoever has to look it up. Where the name cannot be read, the
// id stands alone.
import { useQuery } from "@tanstack/react-query";
import { api, good } from "../../api/client";

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
  const found = useQuery({
    queryKey: ["operators", id],
    queryFn: () => good(api.GET("/v1/operators/{operator}", { params: { path: { operator: id } } })),
    staleTime: 60_000,
  });
  return <Named name={found.data?.name} id={id} />;
}

export function Vendor({ id }: { id: string }) {
  const found = useQuery({
    queryKey: ["vendors", id],
    queryFn: () => good(api.GET("/v1/vendors/{vendor}", { params: { path: { vendor: id } } })),
    staleTime: 60_000,
  });
  return <Named name={found.data?.name} id={id} />;
}
