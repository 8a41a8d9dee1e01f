// What registering reads: the keys that are asked about, and whom their owner can name.
import { useQuery } from "@tanstack/react-query";
import { api, good, type Schemas } from "../../../api/client";

export type RegistrationView = Schemas["RegistrationView"];
export type ChoicesView = Schemas["ChoicesView"];

const RESTS = { refetchOnWindowFocus: "always", refetchInterval: 15_000 } as const;
/** Pages of the list that are read. */
const PAGES_MAX = 20;

export function useRegistrations() {
  return useQuery({
    queryKey: ["keys", "registrations"],
    queryFn: async (): Promise<RegistrationView[]> => {
      const all: RegistrationView[] = [];
      let query: { limit: number; after?: string } = { limit: 100 };
      for (let read = 0; read < PAGES_MAX; read += 1) {
        const { items, next } = await good(api.GET("/v1/owner/registrations", { params: { query } }));
        all.push(...items);
        if (!next) break;
        query = { limit: 100, after: next };
      }
      return all;
    },
    ...RESTS,
  });
}

export function useChoices() {
  return useQuery({
    queryKey: ["keys", "registrations", "choices"],
    queryFn: (): Promise<ChoicesView> => good(api.GET("/v1/owner/registrations/choices")),
  });
}

/** Whether it still waits for its owner. */
export const waits = ({ open, state }: RegistrationView): boolean => open && state !== "enrolled";
