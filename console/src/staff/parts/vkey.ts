// How the saved files are checked at a terminal: the program, the files, and the verifier key, by the names they have where this is read.
import { useQuery } from "@tanstack/react-query";
import { api, good } from "../../api/client";

/** The demo, which says so in its banner, is run in a checkout: there program, saved files and key have known places. */
const DEMO = { program: "target/release/sumun", saved: "~/Downloads/", vkey: "target/demo-run/data/ledger/vkey" };
const ELSEWHERE = { program: "sumun", saved: "", vkey: "vkey" };

export function useCheck() {
  const facts = useQuery({ queryKey: ["overview"], queryFn: () => good(api.GET("/v1/overview")), staleTime: 60_000 });
  const demo = /\bdemo\b/i.test(facts.data?.banner ?? "");
  const { program, saved, vkey } = demo ? DEMO : ELSEWHERE;
  return {
    demo,
    /** Of the proof alone, or with what the entry says. */
    command: (index: number, entry: boolean) =>
      `${program} ledger verify-proof ${saved}${proofFile(index)} --vkey ${vkey}${entry ? ` --entry ${saved}${entryFile(index)}` : ""}`,
  };
}

export const proofFile = (index: number) => `${index}.proof`;
export const entryFile = (index: number) => `${index}.json`;
