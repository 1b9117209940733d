import { expect, test } from "@jest/globals";
import { untilWon } from "./until-won.ts";

const losing = (times: number) => {
  let attempts = 0;
  return async () => ((attempts += 1) > times ? { attempts } : null);
};

test("a write that lost is tried anew, five times at most unless more are asked for", async () => {
  expect(await untilWon("It is", losing(0))).toEqual({ attempts: 1 });
  expect(await untilWon("It is", losing(4))).toEqual({ attempts: 5 });
  await expect(untilWon("It is", losing(5))).rejects.toMatchObject({
    kind: "conflict",
    detail: "It is changing all the time. Send the request again.",
  });
  expect(await untilWon("It is", losing(5), 6)).toEqual({ attempts: 6 });
});

test("what an attempt throws is not tried again", async () => {
  let attempts = 0;
  const refused = untilWon("It is", async () => {
    attempts += 1;
    throw new Error("no such thing");
  });
  await expect(refused).rejects.toThrow("no such thing");
  expect(attempts).toBe(1);
});
