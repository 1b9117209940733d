import { isAscii, isUtf8 } from "node:buffer";

/** A line of a text file. */
export interface Line {
  /** Without its end, and without a mark of byte order. */
  readonly text: string;
  /** Why its text cannot be taken, which is empty then; null where it can. */
  readonly flaw: string | null;
  /** Counts from 1. */
  readonly number: number;
  /** Bytes of the file before it, and before the next one. */
  readonly from: number;
  readonly to: number;
}

/** Longer lines are left out, so that a file without line ends does not fill the memory. */
export const MAX_LINE_BYTES = 2 ** 20;

const LINE_END = 0x0a;

/**
 * Reads the lines of a file as they come in, in blocks, holding one block at a time. A line ends with LF or CRLF.
 *
 * @param chunks - The bytes of the file from `start` on, cut anywhere.
 * @param start - Where a line begins: the bytes before it, and its number.
 * @throws Error where it is UTF-16.
 */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  start: { readonly offset: number; readonly line: number },
): AsyncGenerator<readonly Line[]> {
  let { offset, line } = start;
  /** The beginning of a line whose end has not come yet; of one that is too long only its size is kept. */
  let begun: Uint8Array[] = [];
  let begunBytes = 0;
  let looked = offset > 0;

  for await (const chunk of chunks) {
    let rest = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const end = rest.lastIndexOf(LINE_END) + 1;
    if (end > 0) {
      if (begunBytes > MAX_LINE_BYTES) {
        const cut = rest.indexOf(LINE_END) + 1;
        yield [next("", TOO_LONG, begunBytes + cut)];
        if (cut < end) yield lines(rest.subarray(cut, end));
      } else yield lines(begunBytes === 0 ? rest.subarray(0, end) : Buffer.concat([...begun, rest.subarray(0, end)]));
      [begun, begunBytes] = [[], 0];
      rest = rest.subarray(end);
    }
    begunBytes += rest.byteLength;
    if (begunBytes > MAX_LINE_BYTES) begun = [];
    else if (rest.byteLength > 0) begun.push(rest);
  }
  if (begunBytes > MAX_LINE_BYTES) yield [next("", TOO_LONG, begunBytes)];
  else if (begunBytes > 0) yield lines(Buffer.concat(begun));

  function next(text: string, flaw: string | null, bytes: number): Line {
    const from = offset;
    offset += bytes;
    return { text, flaw, number: line++, from, to: offset };
  }

  /** The lines of whole ones; only the last of the file may lack its end. */
  function lines(block: Buffer): Line[] {
    if (!looked) requireUtf8(block);
    looked = true;
    const ascii = isAscii(block);
    if (!ascii && !isUtf8(block)) return linesOneByOne(block);
    const texts = block.toString("utf8").split("\n");
    const last = texts.pop()!;
    const found = texts.map((text) => read(text, (ascii ? text.length : Buffer.byteLength(text)) + 1));
    if (last !== "") found.push(read(last, Buffer.byteLength(last)));
    return found;
  }

  function linesOneByOne(block: Buffer): Line[] {
    const found: Line[] = [];
    for (let from = 0; from < block.length;) {
      const to = block.indexOf(LINE_END, from) + 1 || block.length;
      const bytes = block.subarray(from, to);
      found.push(isUtf8(bytes) ? read(bytes.toString("utf8").replace(/\n$/, ""), bytes.length) : next("", "Expected UTF-8", bytes.length));
      from = to;
    }
    return found;
  }

  function read(text: string, bytes: number): Line {
    if (bytes > MAX_LINE_BYTES + 1) return next("", TOO_LONG, bytes);
    const unmarked = offset === 0 && text.startsWith("\ufeff") ? text.slice(1) : text;
    return next(unmarked.endsWith("\r") ? unmarked.slice(0, -1) : unmarked, null, bytes);
  }
}

const TOO_LONG = `Expected at most ${MAX_LINE_BYTES} bytes in a line`;

function requireUtf8(beginning: Uint8Array): void {
  const [a, b] = beginning;
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) throw new Error("It is UTF-16: save it as UTF-8.");
}
