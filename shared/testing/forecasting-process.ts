import { randomBytes } from "node:crypto";
import { writeSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import onEvent from "../../functions/forecast/event.ts";
import onTick from "../../functions/forecast/tick.ts";
import type { ForecastJobId, OrgId } from "../contract/ids.ts";
import type { Event } from "../contract/events.ts";
import { hashId } from "../core/hash-id.ts";
import { createForecasters } from "../forecasters/registry.ts";
import { stubForecaster } from "../forecasters/stub.ts";
import type { Deps } from "../ports.ts";
import type { EventFunction } from "../runtime/route.ts";
import { openDatabase } from "../store/database.ts";
import { createStores } from "../store/store.ts";

// A process that works off the runs of forecast jobs, as a bus and a scheduler would have it, until it is killed or the job's newest run has
// ended; it says when it begins a step.

/** What it is told, as JSON in its first argument. */
export interface ForecastingOptions {
  readonly url: string;
  readonly org: OrgId;
  readonly job: ForecastJobId;
  /** Unix ms that its clock stood at when it was so late, and how many times faster it goes. */
  readonly clock: { readonly at: number; readonly when: number; readonly faster: number };
}

/** How long it waits when there is nothing to do. */
const IDLE_MS = 10;

async function main({ url, org, job, clock }: ForecastingOptions): Promise<void> {
  const database = await openDatabase({ url });
  const now = (): number => clock.at + clock.faster * (Date.now() - clock.when);
  const newId: Deps["newId"] = (prefix) => hashId(prefix, [randomBytes(15).toString("hex")]);
  const store = createStores(database)({ newId, traceparent: null, committed: [] });
  const deps = { store, newId, clock: { now }, forecasters: createForecasters([stubForecaster]) } as unknown as Deps;
  const deliver = async (to: EventFunction, event: Event) => {
    const handle = to.on[event.type] as ((data: unknown, context: object, deps: Deps) => Promise<void>) | undefined;
    await handle?.(event.data, { event, now: now() }, deps);
  };
  const { events } = store.platform;
  const tick: Event = { id: "tick" as Event["id"], type: "tick.minute", org: null, at: clock.at, traceparent: null, data: {} };

  for (;;) {
    const [status] = [...(await store.forOrg(org).forecastJobs.lastRuns([job])).values()].map((run) => run.status);
    if (status === "completed" || status === "failed") return;
    await deliver(onTick, tick);
    await pause(IDLE_MS);
    for (
      let pending = await events.pending({ after: 0, limit: 1 });
      pending.length > 0;
      pending = await events.pending({ after: 0, limit: 1 })
    ) {
      const { event } = pending[0]!;
      if (event.type === "forecast-run.requested") writeSync(1, "step\n");
      await deliver(onEvent, event);
      await events.markPublished([event.id], now());
    }
  }
}

if (import.meta.main) await main(JSON.parse(process.argv[2]!) as ForecastingOptions);
