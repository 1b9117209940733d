import type { GroupId, OrgId } from "../contract/ids.ts";
import type { DeliveryRecord } from "./alerting.ts";

/** A delivery that is to be sent. */
export interface DueDelivery extends Pick<DeliveryRecord, "id" | "channel"> {
  readonly org: OrgId;
}

/** What is due in alerting, across organisations: for ticks and alarms. */
export interface AlertingDue {
  /** Organisations that have enabled rules, after an id. */
  orgsWithRules(after: string, limit: number): Promise<readonly OrgId[]>;
  /** Groups whose flush is due, most overdue first. */
  flushes(now: number, limit: number): Promise<readonly { readonly org: OrgId; readonly id: GroupId }[]>;
  /** Deliveries to be sent, a lost sender's included, most overdue first: at most so many, and of one channel. */
  deliveries(now: number, limits: { readonly most: number; readonly ofChannel: number }): Promise<readonly DueDelivery[]>;
  /**
   * Forgets deliveries that were delivered or given up, made before a time, with their attempts; those of alerts that are still open stay,
   * since their resolve looks for them. Answers how many went, at most `limit`.
   */
  forgetDeliveries(before: number, limit: number): Promise<number>;
  /** When the next flush or delivery is due; null when none is. */
  nextAt(): Promise<number | null>;
}
