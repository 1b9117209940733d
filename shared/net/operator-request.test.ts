import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { startHttpReceiver } from "../testing/http-receiver.ts";
import type { HttpReceiver, ReceivedRequest } from "../testing/http-receiver.ts";
import { operatorRequest } from "./operator-request.ts";

let receiver: HttpReceiver;
let requests: ReceivedRequest[];
beforeEach(async () => {
  requests = [];
  receiver = await startHttpReceiver((request, told) => {
    requests.push(request);
    return told ?? { body: "taken" };
  }, "/path");
});
afterEach(() => receiver.stop());

const call = { headers: { "X-Flavor": "plain" }, timeoutMs: 5_000 };

test("a request arrives as it was made, and its answer comes back, whatever its status", async () => {
  expect(await operatorRequest(receiver.url, { ...call, method: "POST", body: "ä" })).toEqual({ status: 200, body: "taken" });
  expect(requests).toMatchObject([{ method: "POST", path: "/path", headers: { "x-flavor": "plain" }, body: "ä" }]);
  receiver.answerNext({ status: 503, body: "later" });
  expect(await operatorRequest(receiver.url, call)).toEqual({ status: 503, body: "later" });
  expect(requests[1]).toMatchObject({ method: "GET", body: "" });
});

test("one connection serves one call after another, and a new one is made when it was closed meanwhile", async () => {
  await operatorRequest(receiver.url, call);
  await operatorRequest(receiver.url, call);
  expect(receiver.connections()).toBe(1);
  receiver.answerNext({ sender: "cut" });
  await operatorRequest(receiver.url, call);
  expect([receiver.connections(), requests.length]).toEqual([2, 4]);
});

test("no answer in time, and an answer that breaks off on a new connection, are errors", async () => {
  receiver.answerNext({ sender: "hang" });
  await expect(operatorRequest(receiver.url, { ...call, timeoutMs: 50 })).rejects.toThrow(/abort/i);
  receiver.answerNext({ sender: "cut" });
  await expect(operatorRequest(receiver.url, call)).rejects.toThrow("socket hang up");
});
