import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import type { Document } from "yaml";

/** A file of YAML, and where its parts stand. */
export interface YamlFile {
  readonly content: unknown;
  /** The line of what is at a path; of what is above it where nothing is there. */
  lineOf(path: readonly (string | number)[]): number;
}

/** @returns What is wrong with it, each with its line. */
export function readYaml(text: string): YamlFile | { readonly flaws: readonly { readonly line: number; readonly message: string }[] } {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, merge: true, prettyErrors: false });
  const flaws = [...document.errors, ...document.warnings];
  if (flaws.length > 0) return { flaws: flaws.map(({ pos, message }) => ({ line: lineCounter.linePos(pos[0]).line, message })) };
  try {
    return { content: document.toJS(), lineOf: (path) => lineCounter.linePos(offsetOf(document, path)).line };
  } catch (error) {
    // More aliases than a person writes.
    return { flaws: [{ line: 1, message: (error as Error).message }] };
  }
}

function offsetOf(document: Document, path: readonly (string | number)[]): number {
  let node: unknown = document.contents;
  let offset = document.contents?.range?.[0] ?? 0;
  for (const key of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key);
      if (pair === undefined || !isScalar(pair.key)) break;
      offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof key === "number") {
      const item = node.items[key];
      if (item === undefined) break;
      offset = (item as { range?: readonly [number, ...unknown[]] }).range?.[0] ?? offset;
      node = item;
    } else break;
  }
  return offset;
}
