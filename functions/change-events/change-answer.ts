import type { ChangeEvent } from "../../shared/contract/change-event.ts";
import { isoTime, isoTimeOrNull } from "../../shared/contract/time.ts";
import type { ChangeRecord } from "../../shared/core/alert/changes.ts";

/** A change as the API shows it. */
export const changeAnswer = ({ at, endAt, createdAt, ...change }: ChangeRecord): ChangeEvent => ({
  ...change,
  at: isoTime(at),
  endAt: isoTimeOrNull(endAt),
  createdAt: isoTime(createdAt),
});
