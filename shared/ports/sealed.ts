import type { ChannelId, OrgId } from "../contract/ids.ts";

/** What of an organisation is sealed: the configuration of a channel, or the URL of its heartbeat. */
export type SealedName = ChannelId | "watchdog";

/** The context that it is sealed under: nothing opens in another one's place. */
export const sealingContext = (org: OrgId, name: SealedName): string => `${org}/${name}`;

export interface SealedText {
  readonly org: OrgId;
  readonly name: SealedName;
  readonly sealed: string;
}

/** What is sealed, across organisations. */
export interface SealedStore {
  /** What does not begin with a prefix, by organisation and name, after one. */
  without(prefix: string, after: Pick<SealedText, "org" | "name"> | null, limit: number): Promise<readonly SealedText[]>;
  /** Puts another text in the place of one, unless that is no longer there. */
  replace(text: SealedText, sealed: string): Promise<boolean>;
}
