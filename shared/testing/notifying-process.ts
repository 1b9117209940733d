import { writeSync } from "node:fs";
import { setImmediate as breathe } from "node:timers/promises";
import onEvent from "../../functions/notify/event.ts";
import onTick from "../../functions/notify/tick.ts";
import type { Event } from "../contract/events.ts";
import { hashId } from "../core/hash-id.ts";
import { createGuardedFetch } from "../net/guarded-fetch.ts";
import type { Deps, NewId } from "../ports.ts";
import { openDatabase } from "../store/database.ts";
import { createStores } from "../store/store.ts";
import { READABLE_SECRETS, testEvent } from "./harness.ts";

// One of several notifiers on a database file, until it is killed, or its input ends: again and again it takes some of the events that
// changed alerts have left, as a bus does that delivers at least once, and works off what is due.

/** What it is told, as JSON in its first argument. */
export interface NotifyingOptions {
  readonly url: string;
  /** Milliseconds that its clock is ahead. */
  readonly aheadMs: number;
  /** The host that it may send to. */
  readonly allow: string;
  readonly timeoutMs: number;
}

const EVENTS_A_TURN = 8;
const MOST_EVENTS = 1_000;

/** A notifier's world: a real store on a file, real outgoing calls, a clock of its own. */
function worldOf({ aheadMs, allow, timeoutMs }: NotifyingOptions, database: Awaited<ReturnType<typeof openDatabase>>): Deps {
  let ids = 0;
  const newId: NewId = (prefix) => hashId(prefix, [process.pid, performance.timeOrigin, (ids += 1)]);
  const fetch = createGuardedFetch({ allow: [allow] });
  const unused = () => {
    throw new Error("A notifier needs none of it");
  };
  return {
    store: createStores(database)({ newId, traceparent: null, committed: [] }),
    bus: { publish: async () => {}, redeliver: async () => {} },
    clock: { now: () => Date.now() + aheadMs },
    fetch: (url, request) => fetch(url, { ...request, timeoutMs }),
    addressRefusal: unused,
    mail: unused,
    pagerdutyUrl: undefined,
    charts: { svg: unused, png: unused, leftOut: unused },
    forecasters: { list: () => [], pick: unused, detect: unused },
    secrets: READABLE_SECRETS,
    alarm: { wakeAt: async () => {} },
    newId,
    issueApiKey: unused,
    forgetApiKey: unused,
    random: { uniform: Math.random, bytes: (n) => crypto.getRandomValues(new Uint8Array(n)) },
    warn: () => {},
    print: () => {},
  };
}

async function main(options: NotifyingOptions): Promise<void> {
  const database = await openDatabase({ url: options.url });
  const deps = worldOf(options, database);
  let isStopping = false;
  process.stdin.on("end", () => (isStopping = true)).resume();
  writeSync(1, "ready\n");

  const hand = async (event: Event) => {
    if (event.type !== "alert.changed") return;
    await onEvent.on["alert.changed"]!(event.data as Event<"alert.changed">["data"], { event, now: deps.clock.now() }, deps);
  };
  const work = async () => {
    // Nobody marks them as published: each comes many times, to all of the notifiers, in no order.
    const rows = await deps.store.platform.events.pending({ after: 0, limit: MOST_EVENTS });
    for (let n = 0; n < EVENTS_A_TURN && rows.length > 0; n++) await hand(rows[Math.floor(Math.random() * rows.length)]!.event);
    const event = testEvent("tick.minute", null, {}, deps.clock.now());
    await onTick.on["tick.minute"]!({}, { event, now: deps.clock.now() }, deps);
  };
  while (!isStopping) {
    // What fails is tried again, as a bus would have it: the database is busy, or another one was first.
    await work().catch(() => {});
    await breathe();
  }
  database.close();
}

if (process.argv[1] === import.meta.filename) await main(JSON.parse(process.argv[2]!) as NotifyingOptions);
