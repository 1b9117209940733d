import { invalid, Problem } from "../../shared/contract/problem.ts";
import type { WatchdogRecord } from "../../shared/ports/watchdog.ts";
import { route } from "../../shared/runtime/route.ts";
import { PutWatchdog, Watchdog } from "./contract.ts";
import { sealUrl } from "./heartbeat-url.ts";
import { presentFaults } from "./signs.ts";
import { watchdogAnswer } from "./watchdog-answer.ts";

export const putWatchdog = route({
  method: "PUT",
  path: "/api/v1/watchdog",
  summary: "Have a heartbeat sent to a URL or on a channel, as long as evaluation, detection and delivery work",
  scope: "admin",
  input: PutWatchdog,
  output: Watchdog,
  problems: ["conflict"],

  async handle({ url, method, channelId, every, enabled }, { org }, deps) {
    const { watchdog, channels } = deps.store.forOrg(org);
    if (channelId !== undefined && (await channels.get(channelId)) === null) {
      throw invalid([{ path: "channelId", message: "There is no such channel" }]);
    }
    const refusal = url === undefined ? null : await deps.addressRefusal(url);
    if (refusal !== null) throw invalid([{ path: "url", message: refusal }]);
    const before = await watchdog.get();
    const now = deps.clock.now();
    const record: WatchdogRecord = {
      version: (before?.version ?? 0) + 1,
      enabled,
      everyMs: every,
      target:
        channelId === undefined
          ? { method, sealed: sealUrl(deps.secrets, org, url!), shown: new URL(url!).origin }
          : { channel: channelId },
      updatedAt: now,
      nextAt: now,
      lastBeatAt: before?.lastBeatAt ?? null,
      lastStatus: null,
      lastError: null,
      faults: [],
    };
    if (!(await watchdog.replace(record))) throw new Problem("conflict", "The watchdog was changed meanwhile. Send the request again.");
    return watchdogAnswer(record, await presentFaults(org, deps));
  },
});
