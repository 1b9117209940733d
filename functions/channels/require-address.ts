import type { ChannelDefinition } from "../../shared/contract/channel.ts";
import { invalid } from "../../shared/contract/problem.ts";
import type { Deps } from "../../shared/ports.ts";

/** Where the messages of a channel go as a tenant says, with the member that says it; null where the operator does. */
function addressOf({ kind, config }: ChannelDefinition): { readonly path: string; readonly url: string } | null {
  switch (kind) {
    case "webhook":
    case "slack":
    case "teams":
    case "alertmanager":
      return { path: "config.url", url: config.url };
    case "email":
      return config.smtp === undefined ? null : { path: "config.smtp.host", url: `http://${config.smtp.host}:${config.smtp.port}` };
    default:
      return null;
  }
}

/**
 * Refuses an address that nothing would ever be sent to. What a name leads to is seen when it is connected to.
 * @param present - What it was: an address that stays is not asked about, so that its channel can be disabled.
 * @throws Problem validation-failed.
 */
export async function requireAddress(
  definition: ChannelDefinition,
  present: ChannelDefinition | null,
  { addressRefusal }: Pick<Deps, "addressRefusal">,
): Promise<void> {
  const address = addressOf(definition);
  if (address === null || (present !== null && addressOf(present)?.url === address.url)) return;
  const refusal = await addressRefusal(address.url);
  if (refusal !== null) throw invalid([{ path: address.path, message: refusal }]);
}
