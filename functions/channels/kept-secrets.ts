import type { ChannelDefinition } from "../../shared/contract/channel.ts";

/**
 * A definition with the secrets that it leaves out: they cannot be read, so whoever writes back what was read leaves them out. One that is
 * sent to a server goes to no other than the one that it was given for.
 */
export function withKeptSecrets(next: ChannelDefinition, present: ChannelDefinition): ChannelDefinition {
  if (next.kind === "webhook" && present.kind === "webhook") return { ...next, config: { ...present.config, ...next.config } };
  if (next.kind === "email" && present.kind === "email" && next.config.smtp !== undefined) {
    const { smtp } = withoutSentSecrets(present, next).config as typeof present.config;
    const { user, password } = next.config.smtp;
    const isKept = user === undefined && password === undefined && smtp?.password !== undefined;
    return isKept ? { ...next, config: { ...next.config, smtp: { ...next.config.smtp, user: smtp.user, password: smtp.password } } } : next;
  }
  return next;
}

/** A present definition without the secrets that it sends to a server, where its next one is for another server. */
export function withoutSentSecrets(present: ChannelDefinition, next: Pick<ChannelDefinition, "kind" | "config">): ChannelDefinition {
  if (present.kind !== "email" || present.config.smtp === undefined || serverOf(next) === serverOf(present)) return present;
  const { user: _user, password: _password, ...smtp } = present.config.smtp;
  return { ...present, config: { ...present.config, smtp } };
}

/** Where a definition's secrets are sent, and how; null where they are not sent. */
function serverOf({ kind, config }: Pick<ChannelDefinition, "kind" | "config">): string | null {
  if (kind !== "email" || !("smtp" in config) || config.smtp === undefined) return null;
  const { host, port, security } = config.smtp;
  return `${host}:${port} ${security ?? "default"}`;
}
