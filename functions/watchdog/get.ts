import * as v from "valibot";
import { notFound } from "../../shared/contract/problem.ts";
import { route } from "../../shared/runtime/route.ts";
import { Watchdog } from "./contract.ts";
import { presentFaults } from "./signs.ts";
import { watchdogAnswer } from "./watchdog-answer.ts";

export const getWatchdog = route({
  method: "GET",
  path: "/api/v1/watchdog",
  summary: "Read the heartbeat of the organisation: whether it beats, when it did, and why it does not",
  scope: "read",
  input: v.strictObject({}),
  output: Watchdog,
  problems: ["not-found"],

  async handle(_input, { org }, { store, clock }) {
    const watchdog = await store.forOrg(org).watchdog.get();
    if (watchdog === null) throw notFound();
    return watchdogAnswer(watchdog, await presentFaults(org, { store, clock }));
  },
});
