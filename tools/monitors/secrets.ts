import { isMembers } from "./kinds.ts";

/** A part of a channel's configuration that is wrong. */
interface Flaw {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

const REFERENCE = /\$\$\{|\$\{([A-Za-z_]\w*)\}/g;
/** Values shorter than this are words as well. */
const SHORTEST_HIDDEN = 4;

/** Members that nobody may write down, by kind of channel; of Slack and Teams the address is the secret. */
const SECRETS: Readonly<Record<string, readonly string[]>> = {
  webhook: ["secret", "previous.secret"],
  slack: ["url"],
  teams: ["url"],
  pagerduty: ["routingKey"],
  email: ["smtp.password", "resend.apiKey"],
  alertmanager: ["password", "token"],
};

/** The values that came from the environment, to be hidden wherever text is printed. */
export interface Resolved {
  readonly config: unknown;
  readonly flaws: readonly Flaw[];
  /** Values of the environment, by the name that they are hidden under. */
  readonly values: ReadonlyMap<string, string>;
}

/**
 * Puts values of the environment where a channel's configuration says `${NAME}`; `$${` is a `${` that is meant.
 *
 * @param kind - The channel's, as it is written.
 */
export function resolveSecrets(kind: unknown, config: unknown, env: Readonly<Record<string, string | undefined>>): Resolved {
  const flaws: Flaw[] = [];
  const values = new Map<string, string>();
  const secrets = typeof kind === "string" && Object.hasOwn(SECRETS, kind) ? SECRETS[kind]! : [];
  const resolve = (value: unknown, path: readonly (string | number)[]): unknown => {
    if (Array.isArray(value)) return value.map((one: unknown, n) => resolve(one, [...path, n]));
    if (isMembers(value)) return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, resolve(one, [...path, name])]));
    if (typeof value !== "string") return value;
    if (secrets.includes(path.slice(1).join(".")) && !/(?<!\$)\$\{[A-Za-z_]\w*\}/.test(value))
      flaws.push({ path, message: "Expected ${NAME}, a variable of the environment: it is a secret" });
    return value.replaceAll(REFERENCE, (found, name: string | undefined) => {
      if (name === undefined) return "${";
      const known = env[name];
      if (known === undefined || known === "") {
        flaws.push({ path, message: `The environment has no ${name}` });
        return found;
      }
      values.set(name, known);
      return known;
    });
  };
  return { config: resolve(config, ["config"]), flaws, values };
}

/** A text in which the names of variables stand for their values. */
export const hiding = (values: ReadonlyMap<string, string>, text: string): string =>
  [...values]
    .filter(([, value]) => value.length >= SHORTEST_HIDDEN)
    .toSorted(([, a], [, b]) => b.length - a.length)
    .reduce((hidden, [name, value]) => hidden.replaceAll(value, `\${${name}}`), text);
