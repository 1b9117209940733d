import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { answer } from "../../shared/testing/door-client.ts";
import type { Client, DoorAnswer } from "../dev/client.ts";
import type { Batch } from "./batches.ts";
import { sendBatches } from "./send.ts";

/** A batch of a series with these timestamps. */
function batch(n: number, timestamps: readonly number[], series = "s"): Batch {
  const points = timestamps.map((timestamp) => ({ metric: { n, timestamp }, series, timestamp, characters: 100 }));
  const [from, to] = [n, n + 1].map((offset) => ({ offset, line: offset + 1, taken: 0 }));
  return { from: from!, to: to!, points, lines: timestamps.map(() => n + 1), unreadable: 0, bad: [] };
}
const accepted = (n: number) => answer(200, { accepted: n, rejected: 0, errors: [] });

interface Request {
  readonly n: number;
  readonly key: string | undefined;
  reply(answer: DoorAnswer | null): void;
}

/** Sends batches to a door that answers when it is told to, on a clock that moves when somebody waits. */
function start(batches: readonly Batch[]) {
  const open: Request[] = [];
  const asked: { n: number; key: string | undefined; at: number }[] = [];
  const [done, troubles]: [number[], string[]] = [[], []];
  const stop = new AbortController();
  let now = 0;
  const ask: Client["ask"] = (_method, _path, body, headers = {}) =>
    new Promise((resolve, reject) => {
      const { n } = (body as { metrics: { n: number }[] }).metrics[0]!;
      const key = headers["Idempotency-Key"];
      asked.push({ n, key, at: now });
      open.push({ n, key, reply: (given) => (given === null ? reject(new TypeError("fetch failed")) : resolve(given)) });
    });
  const ended = sendBatches(
    (async function* () {
      yield* batches;
    })(),
    {
      client: { ask },
      keyOf: ({ from }) => `key-${from.offset}`,
      onDone: ({ from }) => void done.push(from.offset),
      onTrouble: (what) => void troubles.push(what),
      stop: stop.signal,
      now: () => now,
      pause: async (ms, signal) => void (signal.aborted || (now += ms)),
      random: () => 1,
    },
  );
  // Whoever is to hear of a failure does so at the end.
  ended.catch(() => undefined);
  /** Lets everything go on that can. */
  const settle = () => new Promise<void>((resolve) => void setImmediate(resolve));
  return {
    ended,
    asked,
    done,
    troubles,
    stop: () => stop.abort(),
    /** The batches that are in flight. */
    async inFlight(): Promise<number[]> {
      await settle();
      return open.map(({ n }) => n).toSorted((a, b) => a - b);
    },
    async reply(n: number, given: DoorAnswer | null): Promise<void> {
      await settle();
      const [request] = open.splice(
        open.findIndex((one) => one.n === n),
        1,
      );
      request!.reply(given);
      await settle();
    },
  };
}

test("four batches are in flight, and they are reported in the file's order, none before all earlier ones are done", async () => {
  const sending = start([0, 1, 2, 3, 4, 5].map((n) => batch(n, [n])));
  expect(await sending.inFlight()).toEqual([0, 1, 2, 3]);
  await sending.reply(2, accepted(1));
  await sending.reply(1, accepted(1));
  expect(sending.done).toEqual([]);
  expect(await sending.inFlight()).toEqual([0, 3, 4, 5]);
  await sending.reply(0, accepted(1));
  expect(sending.done).toEqual([0, 1, 2]);
  for (const n of [5, 4, 3]) await sending.reply(n, accepted(1));
  await sending.ended;
  expect(sending.done).toEqual([0, 1, 2, 3, 4, 5]);
});

test("a batch without a point is done without a request", async () => {
  const sending = start([batch(0, [0]), batch(1, []), batch(2, [2])]);
  expect(await sending.inFlight()).toEqual([0, 2]);
  await sending.reply(2, accepted(1));
  await sending.reply(0, accepted(1));
  await sending.ended;
  expect(sending.done).toEqual([0, 1, 2]);
});

test("a batch with a point of one in flight waits for it, so that the later row counts; the same time of another series does not", async () => {
  const sending = start([batch(0, [1, 2]), batch(1, [1, 2], "other"), batch(2, [2, 3]), batch(3, [9])]);
  expect(await sending.inFlight()).toEqual([0, 1]);
  await sending.reply(1, accepted(2));
  expect(await sending.inFlight()).toEqual([0]);
  await sending.reply(0, accepted(2));
  expect(await sending.inFlight()).toEqual([2, 3]);
  for (const n of [3, 2]) await sending.reply(n, accepted(1));
  await sending.ended;
});

test("whatever order the answers come in, two batches that share a point are never in flight together", async () => {
  const timestamps = fc.array(fc.nat(12), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(fc.array(timestamps, { maxLength: 12 }), fc.infiniteStream(fc.nat()), async (all, picks) => {
      const sending = start(all.map((own, n) => batch(n, own)));
      for (let flying = await sending.inFlight(); flying.length > 0; flying = await sending.inFlight()) {
        const times = flying.flatMap((n) => [...new Set(all[n])]);
        expect(new Set(times).size).toBe(times.length);
        await sending.reply(flying[picks.next().value! % flying.length]!, accepted(1));
      }
      await sending.ended;
      expect(sending.done).toEqual(all.map((_, n) => n));
    }),
    { numRuns: 50 },
  );
});

describe("a door that does not do it now is asked again, for the same batch under the same key", () => {
  test.each([
    ["429 after what it asks for", answer(429, "", 7), 7_000, []],
    ["503 after what it asks for", answer(503, "", 2), 2_000, ["It answers 503"]],
    ["503 after a moment", answer(503, ""), 250, ["It answers 503"]],
    ["500 after a moment", answer(500, ""), 250, ["It answers 500"]],
    ["502 after a moment", answer(502, "<html>"), 250, ["It answers 502"]],
    ["409, because the first is still worked on", answer(409, "", 1), 1_000, []],
    ["408", answer(408, ""), 250, ["It answers 408"]],
    ["nothing at all after a moment", null, 250, ["Nothing answers"]],
  ])("%s", async (_, refusal, waited, troubles) => {
    const sending = start([batch(0, [1])]);
    await sending.reply(0, refusal);
    await sending.reply(0, accepted(1));
    await sending.ended;
    expect(sending.asked).toEqual([
      { n: 0, key: "key-0", at: 0 },
      { n: 0, key: "key-0", at: waited },
    ]);
    expect(sending.troubles).toEqual(troubles);
  });

  test("each time after twice as long, told once, until it gives up after five minutes without any", async () => {
    const sending = start([batch(0, [1])]);
    let tries = 0;
    while ((await sending.inFlight()).length > 0) {
      await sending.reply(0, null);
      tries += 1;
    }
    await expect(sending.ended).rejects.toThrow("Nothing answers there, for 5 minutes.");
    expect(sending.asked.slice(0, 5).map(({ at }) => at)).toEqual([0, 250, 750, 1_750, 3_750]);
    expect(tries).toBe(sending.asked.length);
    expect(sending.asked.at(-1)!.at).toBeGreaterThan(280_000);
    expect(sending.troubles).toEqual(["Nothing answers"]);
  });

  test("not where it asks for more patience than five minutes", async () => {
    const sending = start([batch(0, [1])]);
    await sending.reply(0, answer(429, "", 3_600));
    await expect(sending.ended).rejects.toThrow("It answered 429, and asks to wait 3600 s.");
  });
});

test("where a batch is refused as a whole it ends with the reason, once the others in flight are done", async () => {
  const sending = start([0, 1, 2, 3, 4].map((n) => batch(n, [n])));
  await sending.reply(1, answer(403, { type: "x", title: "This key may not do that", status: 403 }));
  expect(await sending.inFlight()).toEqual([0, 2, 3]);
  for (const n of [0, 2, 3]) await sending.reply(n, accepted(1));
  await expect(sending.ended).rejects.toThrow("It answered 403: This key may not do that.");
  expect(sending.done).toEqual([0]);
  expect(sending.asked.map(({ n }) => n)).toEqual([0, 1, 2, 3]);
});

test("stopped, it finishes what is in flight, begins nothing, and tries nothing again", async () => {
  const sending = start([0, 1, 2, 3, 4].map((n) => batch(n, [n])));
  await sending.inFlight();
  sending.stop();
  await sending.reply(0, accepted(1));
  await sending.reply(1, answer(503, ""));
  for (const n of [2, 3]) await sending.reply(n, accepted(1));
  await sending.ended;
  expect(sending.done).toEqual([0]);
  expect(sending.asked).toHaveLength(4);
});

test("stopped while nothing comes in to send, it ends", async () => {
  const stop = new AbortController();
  const never = (async function* () {
    await new Promise(() => undefined);
    yield batch(0, [0]);
  })();
  const deps = { keyOf: () => "", onDone: () => undefined, onTrouble: () => undefined, now: () => 0, pause: async () => undefined };
  const ended = sendBatches(never, { ...deps, client: { ask: async () => accepted(1) }, stop: stop.signal, random: () => 0 });
  stop.abort();
  await ended;
});

test("batches that are done are let go of: a file of any size takes the memory of a few", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const given: WeakRef<Batch>[] = [];
  let kept = 0;
  const many = (async function* () {
    for (let n = 0; n < 200; n++) {
      const next = batch(n, [n]);
      given.push(new WeakRef(next));
      yield next;
    }
    await turn();
    collect();
    kept = given.filter((one) => one.deref() !== undefined).length;
  })();
  const deps = { keyOf: () => "", onDone: () => undefined, onTrouble: () => undefined, now: () => 0, pause: async () => undefined };
  const stop = new AbortController().signal;
  await sendBatches(many, { ...deps, client: { ask: async () => accepted(1) }, stop, random: () => 0 });
  expect(given).toHaveLength(200);
  expect(kept).toBeLessThan(20);
});

test("what cannot be read ends it with the reason, once what was read is done", async () => {
  const done: number[] = [];
  const broken = (async function* () {
    yield batch(0, [0]);
    throw new Error("It cannot be inflated whole");
  })();
  const deps = { keyOf: () => "", onTrouble: () => undefined, now: () => 0, pause: async () => undefined, random: () => 0 };
  const stop = new AbortController().signal;
  const onDone = ({ from }: Batch) => void done.push(from.offset);
  await expect(sendBatches(broken, { ...deps, onDone, client: { ask: async () => accepted(1) }, stop })).rejects.toThrow("inflated");
  expect(done).toEqual([0]);
});
