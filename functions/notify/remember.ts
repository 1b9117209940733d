import type { OrgStore } from "../../shared/ports/store.ts";
import type { Deps } from "../../shared/ports.ts";

/** What was read so lately is as good as read now. */
const FRESH_MS = 1_000;

/**
 * The store of an organisation for flushes that follow one another: what each of them wants to know around its alerts is read once a second.
 * What it decides by, the group and its alerts, is read each time.
 */
export function remember(tenant: OrgStore, clock: Deps["clock"]): OrgStore {
  const once = <Asked extends readonly unknown[], Read>(read: (...asked: Asked) => Promise<Read>) => remembered(read, clock);
  const { alerts, changeEvents } = tenant;
  return {
    ...tenant,
    alerts: {
      ...alerts,
      open: once(alerts.open),
      startedOfRule: once(alerts.startedOfRule),
      openDimensions: once(alerts.openDimensions),
      watchedDimensions: once(alerts.watchedDimensions),
    },
    changeEvents: { ...changeEvents, during: once(changeEvents.during) },
  };
}

function remembered<Asked extends readonly unknown[], Read>(
  read: (...asked: Asked) => Promise<Read>,
  { now }: Deps["clock"],
): (...asked: Asked) => Promise<Read> {
  const known = new Map<string, { readonly at: number; readonly answer: Promise<Read> }>();
  return (...asked) => {
    const key = JSON.stringify(asked);
    const present = known.get(key);
    if (present !== undefined && now() - present.at < FRESH_MS) return present.answer;
    const answer = read(...asked);
    known.set(key, { at: now(), answer });
    return answer;
  };
}
