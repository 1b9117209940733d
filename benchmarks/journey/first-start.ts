import { setTimeout as pause } from "node:timers/promises";
import { startLocalSystem } from "../../shared/testing/local-system.ts";
import { createClient } from "../../tools/dev/client.ts";

const ASK_EVERY_MS = 250;
const GIVE_UP_S = 150;

interface Items<Item> {
  readonly items: readonly Item[];
}

/**
 * Starts the system on an empty data directory, as somebody new would, and waits for the demo to be told of its incident.
 * @returns Seconds from the start to the alert of an anomaly in the inbox, with a forecast and the anomaly there too.
 */
export async function measureFirstStart(): Promise<number> {
  const startedAt = performance.now();
  const seconds = () => (performance.now() - startedAt) / 1_000;
  const system = await startLocalSystem({ args: [] });
  try {
    const client = createClient(system.url, system.apiKey);
    const list = async <Item>(path: string) => (await client.call<Items<Item>>("GET", path)).items;
    for (;;) {
      const [inbox, anomalies, forecasts] = await Promise.all([
        list("/api/v1/inbox"),
        list("/api/v1/anomalies"),
        list("/api/v1/forecasts"),
      ]);
      if ([inbox, anomalies, forecasts].every(({ length }) => length > 0)) return seconds();
      if (seconds() > GIVE_UP_S) throw new Error(`Nothing is in the inbox after ${GIVE_UP_S} s. The system printed:\n${system.output()}`);
      await pause(ASK_EVERY_MS);
    }
  } finally {
    await system.remove();
  }
}
