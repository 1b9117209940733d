import type { Actor } from "../contract/actor.ts";
import type { ChannelId, RuleId } from "../contract/ids.ts";
import type { Page, PageQuery } from "../contract/page.ts";

/** Versions that are kept of a rule or a channel. */
export const MAX_VERSIONS = 100;

/** What a rule or a channel was from a time on. */
export interface VersionRecord {
  readonly version: number;
  /** Unix ms. */
  readonly at: number;
  /** Who changed it; null where nobody did, or nobody knows any more. */
  readonly actor: Actor | null;
  /** As its store wrote it, without secrets; null where it was deleted. */
  readonly definition: Readonly<Record<string, unknown>> | null;
}

/** What the rules and channels of an organisation were. */
export interface HistoryStore {
  /** Newest first, of what is there and of what was deleted. */
  list(id: RuleId | ChannelId, page: PageQuery): Promise<Page<VersionRecord>>;
}
