import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { fire, fireComposite, storeRule } from "../../shared/testing/alerting.ts";
import { startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { startHttp } from "../../shared/testing/http.ts";
import alerts from "./http.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const NOWHERE = `alt_${"0".repeat(24)}`;

async function ask(path: string, org = harness.org) {
  const http = startHttp(harness);
  return http.request(alerts, "GET", `/api/v1/alerts/${path}`, { key: await http.keyOf(org, ["read"]) });
}

describe("200", () => {
  test.each([
    ["chart.svg", "image/svg+xml; charset=utf-8", '<svg width="480" height="270"><title>Warning: CPU is high</title></svg>'],
    [
      "chart.svg?width=800&height=400",
      "image/svg+xml; charset=utf-8",
      '<svg width="800" height="400"><title>Warning: CPU is high</title></svg>',
    ],
    ["chart.png", "image/png", "PNG Warning: CPU is high"],
  ])("%s is a picture that a browser keeps for itself, and runs nothing of", async (path, contentType, body) => {
    const id = await fire(harness, await storeRule(harness), { dimensions: { host: "a" } });
    expect(await ask(`${id}/${path}`)).toMatchObject({
      status: 200,
      headers: {
        "Content-Type": contentType,
        "Cache-Control": "private, max-age=60",
        "Content-Security-Policy": expect.stringContaining("default-src 'none'"),
        "X-Content-Type-Options": "nosniff",
      },
      body,
    });
  });
});

describe("400", () => {
  test.each(["width=319", "width=1201", "height=199", "height=801", "width=wide", "scale=4"])("%s is refused", async (query) => {
    const id = await fire(harness, await storeRule(harness));
    expect(await ask(`${id}/chart.png?${query}`)).toMatchObject({ status: 400 });
  });
});

describe("404", () => {
  test("an alert of no series, as that of a composite rule, has no chart", async () => {
    const id = await fireComposite(harness);
    for (const name of ["chart.svg", "chart.png"]) {
      expect(await ask(`${id}/${name}`)).toMatchObject({
        status: 404,
        body: { detail: "The alert is of no series: there is nothing to draw." },
      });
    }
  });

  test("the chart of an alert of another organisation is answered like one that is missing", async () => {
    const id = await fire(harness, await storeRule(harness));
    for (const name of ["chart.svg", "chart.png"]) {
      const [foreign, missing] = [await ask(`${id}/${name}`, harness.otherOrg), await ask(`${NOWHERE}/${name}`)];
      expect(foreign).toMatchObject({ status: 404, body: { detail: "There is no such resource in this organisation." } });
      expect(missing).toMatchObject({ status: 404, body: { detail: "There is no such resource in this organisation." } });
    }
  });
});
