// Makes a screenshot small: at most 256 colours in a palette, packed as tightly as zlib can. A page has few colours, so that nothing is seen
// to be missing. Reads what Chromium writes (eight bits, RGB or RGBA, not interlaced), nothing else.
import { crc32, deflateSync, inflateSync } from "node:zlib";

const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
const COLOURS_MAX = 256;
/** Those of them that are simply there most often. */
const COMMON_MAX = 160;

/** A colour for each pixel, row by row: 0xRRGGBB. */
type Picture = { width: number; height: number; colours: Uint32Array };

const at = (bytes: Uint8Array, index: number): number => bytes[index] ?? 0;

/** The predictor of PNG's fourth filter. */
function paeth(left: number, above: number, corner: number): number {
  const guess = left + above - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - above), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? above : corner;
}

function read(png: Buffer): Picture {
  const [width, height, depth, kind, interlaced] = [
    png.readUInt32BE(16),
    png.readUInt32BE(20),
    at(png, 24),
    at(png, 25),
    at(png, 28),
  ];
  const bytes = kind === 6 ? 4 : kind === 2 ? 3 : 0;
  if (depth !== 8 || bytes === 0 || interlaced !== 0) throw new Error("this picture is not as Chromium writes them");
  const parts: Buffer[] = [];
  for (let offset = 8; offset < png.length; ) {
    const length = png.readUInt32BE(offset);
    if (png.toString("latin1", offset + 4, offset + 8) === "IDAT") parts.push(png.subarray(offset + 8, offset + 8 + length));
    offset += length + 12;
  }
  const packed = inflateSync(Buffer.concat(parts));
  const row = width * bytes;
  const colours = new Uint32Array(width * height);
  let above = new Uint8Array(row);
  let here = new Uint8Array(row);
  for (let y = 0; y < height; y += 1) {
    const start = y * (row + 1) + 1;
    unfilter(at(packed, start - 1), packed.subarray(start, start + row), here, above, bytes);
    for (let x = 0; x < width; x += 1) {
      const from = x * bytes;
      colours[y * width + x] = (at(here, from) << 16) | (at(here, from + 1) << 8) | at(here, from + 2);
    }
    [above, here] = [here, above];
  }
  return { width, height, colours };
}

/** One row as it was before the encoder wrote differences instead. */
function unfilter(filter: number, packed: Uint8Array, here: Uint8Array, above: Uint8Array, bytes: number): void {
  if (filter === 0) {
    here.set(packed);
    return;
  }
  for (let x = 0; x < packed.length; x += 1) {
    const left = x >= bytes ? at(here, x - bytes) : 0;
    const up = at(above, x);
    let guess = up;
    if (filter === 1) guess = left;
    else if (filter === 3) guess = (left + up) >> 1;
    else if (filter === 4) guess = paeth(left, up, x >= bytes ? at(above, x - bytes) : 0);
    here[x] = at(packed, x) + guess;
  }
}

/** The palette: the colours that are there most often. Every other one is shown as its nearest. */
function palette(pixels: Uint32Array): { colours: number[]; indexOf: Map<number, number> } {
  const seen = new Map<number, number>();
  // A page is long runs of one colour: counted a run at a time.
  let run = 0;
  for (let place = 0; place < pixels.length; place += 1) {
    run += 1;
    const colour = pixels[place] ?? 0;
    if (colour === pixels[place + 1]) continue;
    seen.set(colour, (seen.get(colour) ?? 0) + run);
    run = 0;
  }
  const byCount = [...seen].sort((one, other) => other[1] - one[1]).map(([colour]) => colour);
  const colours = byCount.slice(0, COMMON_MAX);
  // The words of a badge are few pixels: by their number alone their red would be shown as a brown that something else has.
  const missed = byCount
    .slice(COMMON_MAX)
    .map((colour) => ({ colour, worth: 0, away: apart(colour, nearest(colour, colours), colours) }));
  for (const one of missed) one.worth = seen.get(one.colour) ?? 0;
  while (colours.length < COLOURS_MAX && missed.length > 0) {
    let worst = 0;
    for (const [index, one] of missed.entries()) {
      const than = missed[worst];
      if (than !== undefined && one.away * one.worth > than.away * than.worth) worst = index;
    }
    const [taken] = missed.splice(worst, 1);
    if (taken === undefined) break;
    const index = colours.push(taken.colour) - 1;
    for (const one of missed) one.away = Math.min(one.away, apart(one.colour, index, colours));
  }
  const indexOf = new Map(colours.map((colour, index) => [colour, index]));
  for (const { colour } of missed) indexOf.set(colour, nearest(colour, colours));
  return { colours, indexOf };
}

function nearest(colour: number, colours: readonly number[]): number {
  let [best, least] = [0, Number.POSITIVE_INFINITY];
  for (const index of colours.keys()) {
    const away = apart(colour, index, colours);
    if (away < least) [best, least] = [index, away];
  }
  return best;
}

/** How far a colour is from one of the palette. */
function apart(colour: number, index: number, colours: readonly number[]): number {
  const one = colours[index] ?? 0;
  const red = ((one >> 16) & 255) - ((colour >> 16) & 255);
  const green = ((one >> 8) & 255) - ((colour >> 8) & 255);
  const blue = (one & 255) - (colour & 255);
  return red * red + green * green + blue * blue;
}

function chunk(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

export function small(png: Buffer): Buffer {
  const { width, height, colours: pixels } = read(png);
  const { colours, indexOf } = palette(pixels);
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  const rows = Buffer.alloc((width + 1) * height);
  let [last, index] = [-1, 0];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const colour = pixels[y * width + x] ?? 0;
      if (colour !== last) [last, index] = [colour, indexOf.get(colour) ?? 0];
      rows[y * (width + 1) + 1 + x] = index;
    }
  }
  const table = Buffer.alloc(colours.length * 3);
  for (const [index, colour] of colours.entries()) table.writeUIntBE(colour, index * 3, 3);
  const parts = [
    chunk("IHDR", head),
    chunk("PLTE", table),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ];
  return Buffer.concat([SIGNATURE, ...parts]);
}
