/** What stands where a secret stood. */
const HIDDEN = "[hidden]";
/** The member of a configuration that is no secret: an answer may name whom a message did not reach. */
const RECIPIENTS = "to";
/** So much of an answer is looked at, UTF-16 code units. */
const MOST_READ = 16_384;
/** Shorter texts are words as often as secrets. */
const SHORTEST_SECRET = 6;
/** Addresses, JSON's way of writing their slashes included, and what looks like a credential whoever gave it. */
const LIKE_SECRETS = [
  /(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,30}:(?:\\?\/){2}[^\s"'<>]+/gi,
  /whsec_[A-Za-z0-9+/=_-]+/g,
  /\b(?:Bearer|Basic)\s+[A-Za-z0-9+/=._~-]{6,}/gi,
  /\bre_[A-Za-z0-9_]{12,}/g,
  /\bxox[a-z]-[A-Za-z0-9-]+/g,
];

/**
 * The beginning of a receiver's answer as it may be kept and shown: without addresses, and without anything out of the channel's configuration.
 *
 * @param answer - As it came.
 * @param config - The channel's configuration in the clear; each text in it but recipients is hidden, and of an address its path, its query and their parts.
 * @param most - UTF-16 code units of the result.
 */
export function hideSecrets(answer: string, config: unknown, most: number): string {
  // Far more than is kept: what is hidden may be longer than what stands for it.
  let text = answer.slice(0, MOST_READ).toWellFormed().replaceAll("\0", "");
  // The longest first: a part of one that is hidden already is not looked for.
  for (const secret of secretsIn(config).toSorted((a, b) => b.length - a.length)) {
    for (const written of new Set([secret, encodeURI(secret), encodeURIComponent(secret), secret.replaceAll("/", "\\/")])) {
      text = text.replaceAll(written, HIDDEN);
    }
  }
  for (const pattern of LIKE_SECRETS) text = text.replaceAll(pattern, HIDDEN);
  return text.slice(0, most).toWellFormed();
}

function secretsIn(config: unknown): string[] {
  if (config === null || config === undefined) return [];
  if (typeof config === "object") {
    return Object.entries(config).flatMap(([name, value]) => (name === RECIPIENTS ? [] : secretsIn(value)));
  }
  if (typeof config !== "string") return [];
  const unprefixed = config.startsWith("whsec_") ? [config.slice("whsec_".length)] : [];
  return [config, ...unprefixed, ...partsOf(config)].map((text) => text.toWellFormed()).filter(({ length }) => length >= SHORTEST_SECRET);
}

function partsOf(text: string): string[] {
  if (!URL.canParse(text)) return [];
  const { pathname, search, username, password, searchParams } = new URL(text);
  return [pathname, search, username, password, ...pathname.split("/"), ...searchParams.values()];
}
