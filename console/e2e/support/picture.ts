// Makes a screenshot small: at most 256 colours in a palette, packed as tightly as zlib can. A page has few colours, so that nothing is seen
// to be missing. Reads what Chromium writes (eight bits, RGB or RGBA, not interlaced), nothing else.
import { crc32, deflateSync, inflateSync } from "node:zlib";

const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
const COLOURS_MAX = 256;

type Picture = { width: number; height: number; bytes: number; pixels: Buffer };

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
  const pixels = Buffer.alloc(row * height);
  for (let y = 0; y < height; y += 1) {
    const filter = at(packed, y * (row + 1));
    for (let x = 0; x < row; x += 1) {
      const here = y * row + x;
      const left = x >= bytes ? at(pixels, here - bytes) : 0;
      const above = y > 0 ? at(pixels, here - row) : 0;
      const corner = x >= bytes && y > 0 ? at(pixels, here - row - bytes) : 0;
      const guess = [0, left, above, (left + above) >> 1, paeth(left, above, corner)][filter] ?? 0;
      pixels[here] = at(packed, y * (row + 1) + 1 + x) + guess;
    }
  }
  return { width, height, bytes, pixels };
}

/** The palette: the colours that are there most often. Every other one is shown as its nearest. */
function palette({ bytes, pixels }: Picture): { colours: number[]; indexOf: Map<number, number> } {
  const seen = new Map<number, number>();
  for (let offset = 0; offset < pixels.length; offset += bytes) {
    const colour = pixels.readUIntBE(offset, 3);
    seen.set(colour, (seen.get(colour) ?? 0) + 1);
  }
  const byCount = [...seen].sort((one, other) => other[1] - one[1]).map(([colour]) => colour);
  const colours = byCount.slice(0, COLOURS_MAX);
  const indexOf = new Map(colours.map((colour, index) => [colour, index]));
  const part = (colour: number, shift: number) => (colour >> shift) & 255;
  for (const colour of byCount.slice(COLOURS_MAX)) {
    let [best, least] = [0, Number.POSITIVE_INFINITY];
    colours.forEach((one, index) => {
      const away = [16, 8, 0].reduce((sum, shift) => sum + (part(one, shift) - part(colour, shift)) ** 2, 0);
      if (away < least) [best, least] = [index, away];
    });
    indexOf.set(colour, best);
  }
  return { colours, indexOf };
}

function chunk(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

export function small(png: Buffer): Buffer {
  const picture = read(png);
  const { width, height, bytes, pixels } = picture;
  const { colours, indexOf } = palette(picture);
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      rows[y * (width + 1) + 1 + x] = indexOf.get(pixels.readUIntBE((y * width + x) * bytes, 3)) ?? 0;
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
