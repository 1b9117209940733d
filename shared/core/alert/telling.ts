import type { ChannelKind } from "../../contract/channel.ts";

/** How a channel is told, where that differs from one message a group, and nothing until there is news. */
export interface Telling {
  /** One alert a message: the receiver keeps an incident of each. */
  readonly alertAMessage?: boolean;
  /**
   * It keeps an alert open until it is told of its end: it gets the resolve of a firing that it got even if the alert is hidden by then.
   */
  readonly isStateful?: boolean;
  /** It is told when somebody takes an alert on. */
  readonly acknowledgements?: boolean;
  /** It is told everything that fires again after so long, ms: it takes for over what it does not hear of. */
  readonly resendEvery?: number;
}

/** @see Prometheus, rules: an alert that fires is sent again and again, lest its Alertmanager take it for resolved. */
export const RESEND_EVERY_MS = 180_000;

const TELLING: Partial<Record<ChannelKind, Telling>> = {
  webhook: { isStateful: true },
  pagerduty: { isStateful: true, alertAMessage: true, acknowledgements: true },
  alertmanager: { isStateful: true, resendEvery: RESEND_EVERY_MS },
};

/** How a kind of channel is told. */
export const tellingOf = (kind: ChannelKind): Telling => TELLING[kind] ?? {};
