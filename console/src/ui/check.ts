// How a saved proof is checked at a terminal: the program, where files are saved, and the ledger's verifier key, by the names they have there.

/** The demo, which says so in its banner, is run in a checkout: there all three have known places. */
const DEMO = { demo: true, program: "target/release/sumun", saved: "~/Downloads/", vkey: "target/demo-run/data/ledger/vkey" };
const ELSEWHERE = { demo: false, program: "sumun", saved: "", vkey: "vkey" };

export const checkPlaces = (banner: string | null | undefined) => (/\bdemo\b/i.test(banner ?? "") ? DEMO : ELSEWHERE);
