// Addresses as they are typed, one on each line: which line is no address, and which one the server's word is about. Only the form is looked
// at here; how wide a network may be is the server's to know.

/** Something typed as an address, and on which line. */
export type Typed = { text: string; line: number };

/** Lines, spaces and commas part them. */
export function typedPrefixes(text: string): Typed[] {
  return text.split("\n").flatMap((row, index) =>
    row
      .split(/[\s,]+/)
      .filter((one) => one !== "")
      .map((one) => ({ text: one, line: index + 1 })),
  );
}

const V4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

function isV6(text: string): boolean {
  if (!/^[0-9A-Fa-f:.]+$/.test(text) || !text.includes(":")) return false;
  try {
    return new URL(`http://[${text}]/`).hostname !== "";
  } catch {
    return false;
  }
}

/** Whether it has the form of an address or of a network. */
export function isPrefix(text: string): boolean {
  const [address = "", length, ...more] = text.split("/");
  if (more.length > 0) return false;
  const bits = V4.test(address) ? 32 : isV6(address) ? 128 : 0;
  return bits > 0 && (length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= bits));
}

/** Those that have no such form. */
export const wrongPrefixes = (typed: readonly Typed[]): Typed[] => typed.filter(({ text }) => !isPrefix(text));

/** Whether it stands for every address there is. */
export const isAll = (text: string): boolean => /\/0$/.test(text);

/** Addresses that exist within a network only, as far as they are plain to see. */
const WITHIN = /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|f[cd][0-9a-f]{2}:|fe[89ab][0-9a-f]:)/i;

export const isWithin = (text: string): boolean => isPrefix(text) && WITHIN.test(text);

/** The one that a JSON pointer such as `/allowlist/2` is about. */
export function pointedAt(typed: readonly Typed[], pointer: string | null | undefined): Typed | undefined {
  const found = /^\/allowlist\/(\d+)/.exec(pointer ?? "");
  return found === null ? undefined : typed[Number(found[1])];
}
