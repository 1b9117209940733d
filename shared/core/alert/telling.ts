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

/** @see Prometheus, rules: an alert that fires is sent again and again, lest its Alertmanager take it for resolved. */
export const RESEND_EVERY_MS = 180_000;

const TELLING: Partial<Record<ChannelKind, Telling>> = {
  pagerduty: { alertAMessage: true, acknowledgements: true },
  alertmanager: { resendEvery: RESEND_EVERY_MS },
};

/** How a kind of channel is told. */
export const tellingOf = (kind: ChannelKind): Telling => TELLING[kind] ?? {};
