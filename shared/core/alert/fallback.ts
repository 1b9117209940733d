import type { ChannelId } from "../../contract/ids.ts";

/** Channels that a message goes on to, one after the other, at most. */
export const MOST_FALLBACKS = 3;

interface Link {
  readonly id: ChannelId;
  readonly fallback: ChannelId | null;
}

/**
 * What is wrong with the fallback that a channel is about to get.
 *
 * @param channels - All of the organisation; the one that is changed as it was, or not yet among them.
 * @returns null where nothing is wrong.
 */
export function fallbackFault(channels: readonly Link[], changed: Link): string | null {
  if (changed.fallback === null) return null;
  const next = new Map([...channels, changed].map(({ id, fallback }) => [id, fallback]));
  if (!next.has(changed.fallback)) return "There is no such channel";
  for (const start of [changed.id, ...next.keys()]) {
    let length = 0;
    for (let at = next.get(start) ?? null; at !== null; at = next.get(at) ?? null) {
      if (at === start) return "Leads back to the channel itself";
      length += 1;
      if (length > MOST_FALLBACKS) return `A message would go on to more than ${MOST_FALLBACKS} channels`;
    }
  }
  return null;
}
