// The command that checks the saved files of an entry, by the names that program, files and key have where this is read.
import { useQuery } from "@tanstack/react-query";
import { api, good } from "../../api/client";
import { checkPlaces } from "../../ui/check";

/** What whoever reads calls the program by. */
export function useProgram(): string {
  return useCheck().program;
}

export function useCheck() {
  // Told to everybody: support, too, which may not see the overview.
  const facts = useQuery({ queryKey: ["facts"], queryFn: () => good(api.GET("/v1/owner/facts")), staleTime: 60_000 });
  const { here, program, ledger, saved, vkey } = checkPlaces(facts.data?.check);
  const published = `${program} ledger verify --folder ${ledger} --vkey ${vkey}`;
  return {
    program,
    /** Whether the command must be run in the folder in which Sumun was started. */
    here,
    /** Whether the command names the key by where this server keeps its own copy. */
    ownKey: vkey !== "vkey",
    /** Of the whole, the database too. The data folder is the one in which the ledger lies; where that is not known, the configuration names it. */
    whole: ledger.endsWith("/ledger")
      ? `${program} ledger verify --dir ${ledger.slice(0, -"/ledger".length)}`
      : `${program} ledger verify`,
    /** Of the published ledger as a whole. */
    published,
    /** That nothing but additions followed a checkpoint that was saved from the page. */
    since: (size: number) => `${published} --since ${saved}${checkpointFile(size)}`,
    /** Of the proof alone, or with what the entry says. */
    command: (index: number, entry: boolean) =>
      `${program} ledger verify-proof ${saved}${proofFile(index)} --vkey ${vkey}${entry ? ` --entry ${saved}${entryFile(index)}` : ""}`,
  };
}

export const checkpointFile = (size: number) => `checkpoint-${size}.txt`;
export const proofFile = (index: number) => `${index}.proof`;
export const entryFile = (index: number) => `${index}.json`;
