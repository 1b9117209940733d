const DELIMITERS = [",", ";", "\t"] as const;

/** What parts the cells of a file: of comma, semicolon and tab the one that its first line has most of. */
export function delimiterOf(line: string): string {
  const [most] = DELIMITERS.map((delimiter) => ({ delimiter, n: line.split(delimiter).length })).toSorted((a, b) => b.n - a.n);
  return most!.delimiter;
}

/**
 * The cells of a line, without the spaces around them. A cell in quotes may have delimiters in it, and quotes, doubled (RFC 4180); it ends
 * with its line, so that one stray quote costs one row.
 *
 * @returns null where quotes do not pair.
 */
export function splitCells(line: string, delimiter: string): readonly string[] | null {
  if (!line.includes('"')) return line.split(delimiter).map((cell) => cell.trim());
  const cells: string[] = [];
  for (let at = 0; ; at += 1) {
    while (line[at] === " ") at += 1;
    if (line[at] === '"') {
      const quoted = readQuoted(line, at + 1);
      if (quoted === null) return null;
      cells.push(quoted.text);
      at = quoted.end;
      while (line[at] === " ") at += 1;
      if (at < line.length && line[at] !== delimiter) return null;
    } else {
      const end = line.indexOf(delimiter, at);
      cells.push(line.slice(at, end === -1 ? line.length : end).trim());
      at = end === -1 ? line.length : end;
    }
    if (at >= line.length) return cells;
  }
}

/** The text of a quoted cell, from after its first quote on, and where it ends; null where it does not. */
function readQuoted(line: string, from: number): { readonly text: string; readonly end: number } | null {
  let text = "";
  for (let at = from; ;) {
    const quote = line.indexOf('"', at);
    if (quote === -1) return null;
    text += line.slice(at, quote);
    if (line[quote + 1] !== '"') return { text: text.trim(), end: quote + 1 };
    text += '"';
    at = quote + 2;
  }
}
