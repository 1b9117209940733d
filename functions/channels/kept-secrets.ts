import type { ChannelDefinition } from "../../shared/contract/channel.ts";
import { canonicalJson } from "../../shared/core/hash-id.ts";

/** How long messages are signed with the secret before as well. */
const ROTATION_MS = 86_400_000;

/**
 * A definition with the secrets that it leaves out: they cannot be read, so whoever writes back what was read leaves them out. One that is
 * sent to a server goes to no other than the one that it was given for.
 */
export function withKeptSecrets(next: ChannelDefinition, present: ChannelDefinition): ChannelDefinition {
  if (next.kind === "webhook" && present.kind === "webhook") return { ...next, config: { ...present.config, ...next.config } };
  const kept = withoutSentSecrets(present, next);
  if (next.kind === "email" && kept.kind === "email" && next.config.smtp !== undefined) {
    return { ...next, config: { ...next.config, smtp: { ...sentOf(kept.config.smtp, next.config.smtp), ...next.config.smtp } } };
  }
  if (next.kind === "alertmanager" && kept.kind === "alertmanager") {
    return { ...next, config: { ...sentOf(kept.config, next.config), ...next.config } };
  }
  return next;
}

/** A present definition without the secrets that it sends to a server, where its next one is for another server. */
export function withoutSentSecrets(present: ChannelDefinition, next: ChannelDefinition): ChannelDefinition {
  if (serverOf(next) === serverOf(present)) return present;
  if (present.kind === "email" && present.config.smtp !== undefined) {
    const { user: _user, password: _password, ...smtp } = present.config.smtp;
    return { ...present, config: { ...present.config, smtp } };
  }
  return present.kind === "alertmanager" ? { ...present, config: { url: present.config.url } } : present;
}

/** A webhook whose secret has changed, with the one before beside it for a day, unless it says itself what that is. */
export function withPreviousSecret(next: ChannelDefinition, present: ChannelDefinition, now: number): ChannelDefinition {
  if (next.kind !== "webhook" || present.kind !== "webhook") return next;
  const { secret, previous } = present.config;
  const isSaid = canonicalJson(next.config.previous ?? null) !== canonicalJson(previous ?? null);
  if (secret === undefined || next.config.secret === secret || isSaid) return next;
  return { ...next, config: { ...next.config, previous: { secret, until: now + ROTATION_MS } } };
}

interface Sent {
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
}

/** The secrets that stay: none where others are given. */
function sentOf(present: Sent | undefined, next: Sent): Pick<Sent, "user" | "password" | "token"> {
  if (next.user !== undefined || next.password !== undefined || next.token !== undefined) return {};
  const { user, password, token } = present ?? {};
  return { ...(user === undefined ? {} : { user, password }), ...(token === undefined ? {} : { token }) };
}

/** Where a definition's secrets are sent, and how; null where they are not sent. */
function serverOf({ kind, config }: ChannelDefinition): string | null {
  if (kind === "alertmanager") return config.url;
  if (kind !== "email" || config.smtp === undefined) return null;
  const { host, port, security } = config.smtp;
  return `${host}:${port} ${security ?? "default"}`;
}
