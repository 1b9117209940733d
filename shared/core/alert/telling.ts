import type { ChannelKind } from "../../contract/channel.ts";

/** How a channel is told, where that differs from one message a group, and nothing until there is news. */
export interface Telling {
  /** One alert a message: the receiver keeps an incident of each. */
  readonly alertAMessage?: boolean;
  /** It is told when somebody takes an alert on. */
  readonly acknowledgements?: boolean;
  /** It is told everything that fires again after so long, ms: it takes for over what it does not hear of. */
  readonly resendEvery?: number;
}

const TELLING: Partial<Record<ChannelKind, Telling>> = {
  pagerduty: { alertAMessage: true, acknowledgements: true },
};

/** How a kind of channel is told. */
export const tellingOf = (kind: ChannelKind): Telling => TELLING[kind] ?? {};
