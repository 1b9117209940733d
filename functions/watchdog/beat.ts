import type { DeliveryId, OrgId } from "../../shared/contract/ids.ts";
import { Unavailable } from "../../shared/contract/problem.ts";
import { canonicalJson, hashId } from "../../shared/core/hash-id.ts";
import type { NewDelivery } from "../../shared/ports/alerting.ts";
import type { BeatResult, WatchdogRecord } from "../../shared/ports/watchdog.ts";
import type { Deps } from "../../shared/ports.ts";
import { openUrl } from "./heartbeat-url.ts";
import { presentFaults } from "./signs.ts";

/** A beat to a URL that failed, or whose sender died, is made again after this. */
const AGAIN_MS = 60_000;
const TIMEOUT_MS = 10_000;
const ORGS_A_PAGE = 100;

/** The organisations whose next heartbeat is due. */
export async function* orgsWithBeatDue({ store, clock }: Deps): AsyncGenerator<OrgId> {
  const now = clock.now();
  for (let after = ""; ;) {
    const orgs = await store.platform.watchdogs.due(now, after, ORGS_A_PAGE);
    yield* orgs;
    if (orgs.length < ORGS_A_PAGE) return;
    after = orgs.at(-1)!;
  }
}

/** Makes the heartbeat of an organisation that is due; where something is wrong there is none, and what it is is kept. */
export async function beat(org: OrgId, deps: Deps): Promise<void> {
  const { watchdog } = deps.store.forOrg(org);
  const present = await watchdog.get();
  const now = deps.clock.now();
  if (present === null || !present.enabled || present.nextAt > now) return;

  const faults = await presentFaults(org, deps);
  if (faults.length > 0) {
    if (canonicalJson(faults) !== canonicalJson(present.faults)) await watchdog.hold(present, faults);
    return;
  }
  // On multiples of the interval: a tick that comes a little early or late shifts no beat to the next tick.
  const slot = Math.floor(now / present.everyMs) * present.everyMs;
  const nextAt = slot + present.everyMs;
  const { target } = present;
  if ("channel" in target) {
    if (await watchdog.beat(present, heartbeatOn(org, target.channel, slot, now), nextAt, now)) await deps.alarm.wakeAt(now);
    return;
  }
  if (!(await watchdog.claim(present, now + AGAIN_MS))) return;
  await watchdog.ended(present, await call(org, target, nextAt, deps));
}

function heartbeatOn(org: OrgId, channel: NewDelivery["channel"], slot: number, now: number): NewDelivery {
  return {
    id: hashId<DeliveryId>("dlv", [org, channel, "heartbeat", slot]),
    channel,
    group: null,
    kind: "test",
    alerts: [],
    payload: { kind: "test", reason: null, at: now, groupKey: null, alerts: [], heartbeat: true },
    nextAttemptAt: now,
  };
}

type ToUrl = Exclude<WatchdogRecord["target"], { readonly channel: unknown }>;

async function call(org: OrgId, { method, sealed }: ToUrl, nextAt: number, deps: Deps): Promise<BeatResult> {
  const request = { method, headers: { "User-Agent": "IntentVision" }, timeoutMs: TIMEOUT_MS };
  try {
    const { status } = await deps.fetch(openUrl(deps.secrets, org, sealed), request);
    if (status >= 200 && status < 300) return { ok: true, at: deps.clock.now(), nextAt, status };
    return { ok: false, status, error: `The receiver answered ${status}` };
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return { ok: false, status: null, error: error.message };
  }
}
