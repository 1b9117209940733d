/** Any escape of a JSON text, pairs of surrogates first; the last group is half of one. */
const ESCAPE = /\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u([dD][89a-fA-F][0-9a-fA-F]{2})|\\./gs;

/**
 * Replaces escapes of lone surrogates by the replacement character, U+FFFD: halves of characters, left where somebody cut a text. It stands
 * there as itself: of two members of one object with the same escaped name, JSON.parse of V8 13.6 may take the second for a backslash.
 *
 * SQLite writes them as bytes that are no UTF-8, and the driver's native part ends the process when it reads those.
 *
 * @param json - A JSON text without lone surrogates that stand unescaped.
 * @returns The text itself where there are none, which is almost always.
 * @see RFC 8259, section 8.2; String.prototype.toWellFormed does the same for what is not escaped.
 */
export function wellFormedJson(json: string): string {
  if (!json.includes("\\ud") && !json.includes("\\uD")) return json;
  return json.replaceAll(ESCAPE, (escape, lone: string | undefined) => (lone === undefined ? escape : "\ufffd"));
}
