import type { ChannelDefinition } from "../../shared/contract/channel.ts";
import { isoTime } from "../../shared/contract/time.ts";
import type { OrgId } from "../../shared/contract/ids.ts";
import { newWebhookSecret } from "../../shared/core/message/webhook-signature.ts";
import type { ChannelRecord } from "../../shared/ports/alerting.ts";
import { openConfig, sealConfig } from "../../shared/ports/channel-config.ts";
import type { Deps } from "../../shared/ports.ts";

const SECRET_BYTES = 32;

/** Gives a webhook the secret that it lacks. `made`: the new secret, to be shown once; undefined where none was made. */
export function withSecret(
  definition: ChannelDefinition,
  { random }: Pick<Deps, "random">,
): { definition: ChannelDefinition; made?: string } {
  if (definition.kind !== "webhook" || definition.config.secret !== undefined) return { definition };
  const made = newWebhookSecret(random.bytes(SECRET_BYTES));
  return { definition: { ...definition, config: { ...definition.config, secret: made } }, made };
}

/** What may be shown of a configuration: of a URL the origin only, of a secret nothing. */
function shownOf({ kind, config }: ChannelDefinition): Readonly<Record<string, string>> {
  switch (kind) {
    case "inbox":
    case "console":
      return {};
    case "pagerduty":
      return { region: config.region ?? "us" };
    case "email": {
      const { to, smtp, resend } = config;
      return {
        to: to.join(", "),
        ...(smtp === undefined ? {} : { smtp: `${smtp.host}:${smtp.port}`, from: smtp.from }),
        ...(resend === undefined ? {} : { provider: "resend", from: resend.from }),
      };
    }
    case "webhook": {
      const until = config.previous === undefined ? {} : { previousSecretUntil: isoTime(config.previous.until) };
      return { url: new URL(config.url).origin, ...until };
    }
    default:
      return { url: new URL(config.url).origin };
  }
}

/** What is stored of a definition: its configuration sealed, and beside it what may be shown. */
export const recordOf = (
  definition: ChannelDefinition,
  of: Pick<ChannelRecord, "id" | "version" | "disabledReason" | "createdAt" | "updatedAt">,
  org: OrgId,
  { secrets }: Pick<Deps, "secrets">,
): ChannelRecord => ({
  id: of.id,
  version: of.version,
  name: definition.name,
  kind: definition.kind,
  shown: shownOf(definition),
  sealed: sealConfig(secrets, org, of.id, definition.config),
  enabled: definition.enabled,
  fallback: definition.fallback ?? null,
  stormLimit: definition.stormLimit,
  disabledReason: of.disabledReason,
  createdAt: of.createdAt,
  updatedAt: of.updatedAt,
});

/** The definition behind a stored channel, its secrets in the clear. */
export const definitionOf = (channel: ChannelRecord, org: OrgId, { secrets }: Pick<Deps, "secrets">) =>
  ({
    name: channel.name,
    kind: channel.kind,
    enabled: channel.enabled,
    fallback: channel.fallback,
    stormLimit: channel.stormLimit,
    config: openConfig(secrets, org, channel),
  }) as ChannelDefinition;
