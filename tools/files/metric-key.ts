/** A metric key that comes close to a file's name: without its endings, other characters than a key's as _. */
export function metricKeyOf(name: string): string {
  const key = name.replace(/(?:\.(?:csv|tsv|jsonl|ndjson|json|txt|gz))+$/i, "").replaceAll(/[^A-Za-z0-9_.:/-]/g, "_");
  return (/^[A-Za-z_]/.test(key) ? key : `_${key}`).slice(0, 200);
}
