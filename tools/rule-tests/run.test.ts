import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readRuleTests } from "./read.ts";
import { isPassed, resultLines } from "./report.ts";
import { runRuleTests } from "./run.ts";

const PROGRAM = fileURLToPath(new URL("../rules-test.ts", import.meta.url));
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "intentvision-rules-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** Runs a file of tests; answers what it says. */
async function run(text: string, beside: Readonly<Record<string, string>> = {}): Promise<readonly string[]> {
  for (const [name, content] of Object.entries({ "tests.yml": text, ...beside })) await writeFile(join(folder, name), content);
  const { file, rules } = await readRuleTests(join(folder, "tests.yml"));
  const results = runRuleTests(file, rules);
  return results.every(isPassed) ? [] : resultLines("tests.yml", results);
}

test("the example of the documentation runs as it stands there", async () => {
  const page = await readFile(new URL("../../docs/rule-tests.md", import.meta.url), "utf8");
  expect(await run(/```yaml\n(.*?)```/s.exec(page)![1]!)).toEqual([]);
});

// The series, times and results of Prometheus' own tests of `for` and `keep_firing_for`: rules/manager_test.go, rules/alerting_test.go and
// cmd/promtool/testdata/unittest.yml. The rules are ours.
describe("Prometheus' vectors", () => {
  test("of for: what was pending for a minute fires, what ends between begins anew", async () => {
    const expectation = (minute: number, instances: readonly number[]) => `
          - eval_time: ${minute}m
            alertname: HTTPRequestRateLow
            exp_alerts: [${instances.map((instance) => `{ exp_labels: { job: app-server, instance: "${instance}", group: canary } }`).join(", ")}]`;
    const rows: [number, number[]][] = [
      [0, []],
      [5, [0, 1]],
      [10, [0]],
      [15, []],
      [20, []],
      [25, []],
      [30, [0]],
    ];
    expect(
      await run(`
      evaluation_interval: 5m
      rules:
        - name: HTTPRequestRateLow
          kind: threshold
          selector: { metricKey: http_requests, dimensions: { group: canary, job: app-server } }
          condition: { operator: lt, value: 100 }
          for: 1m
      tests:
        - input_series:
            - { series: 'http_requests{job="app-server", instance="0", group="canary"}', values: "75 85 95 105 105 95 85" }
            - { series: 'http_requests{job="app-server", instance="1", group="canary"}', values: "80 90 100 110 120 130 140" }
          alert_rule_test:${rows.map(([minute, instances]) => expectation(minute, instances)).join("")}`),
    ).toEqual([]);
  });

  test.each([
    ["keeps firing for a minute after the fourth, and no longer", "75 85 70 70 10x5", [0, 1, 1, 1, 1, 0]],
    ["keeps nothing that was only pending", "75 10x10", [0, 0, 0]],
  ])("of keep_firing_for: it %s", async (_, values, firing) => {
    const expectations = firing.map(
      (n, minute) => `
          - { eval_time: ${minute}m, alertname: HTTPRequestRateHigh, exp_alerts: [${n === 1 ? '{ exp_labels: { job: app-server, instance: "0" } }' : ""}] }`,
    );
    expect(
      await run(`
      rules:
        - { name: HTTPRequestRateHigh, kind: threshold, selector: { metricKey: http_requests }, condition: { operator: gt, value: 50 }, for: 1m, keepFiringFor: 1m }
      tests:
        - interval: 1m
          input_series:
            - { series: 'http_requests{job="app-server", instance="0"}', values: "${values}" }
          alert_rule_test:${expectations.join("")}`),
    ).toEqual([]);
  });

  test("of promtool: an instance that is down for five minutes fires, with the labels of the rule and the series", async () => {
    const rules = `
      groups:
        - name: example
          rules:
            - alert: InstanceDown
              kind: threshold
              selector: { metricKey: up }
              condition: { operator: eq, value: 0 }
              for: 5m
              labels: { severity: page }
              annotations: { summary: The instance is down }`;
    expect(
      await run(
        `
      rule_files: [rules.yml]
      evaluation_interval: 1m
      tests:
        - interval: 1m
          input_series:
            - { series: 'up{job="prometheus", instance="localhost:9090"}', values: "0+0x1440" }
          alert_rule_test:
            - { eval_time: 0, alertname: InstanceDown, exp_alerts: [] }
            - { eval_time: 4m, alertname: InstanceDown }
            - { eval_time: 4m59s, alertname: InstanceDown }
            - eval_time: 1d
              alertname: InstanceDown
              exp_alerts:
                - exp_labels: { severity: page, instance: "localhost:9090", job: prometheus }
                  exp_annotations: { summary: The instance is down }`,
        { "rules.yml": rules },
      ),
    ).toEqual([]);
  });
});

const HIGH =
  "{ name: High, kind: threshold, selector: { metricKey: cpu }, condition: { operator: gt, value: 90, critical: { value: 98 } } }";
const RULES = `
      rules: [${HIGH}]`;

test("the severity that an alert has at the time may be expected, and left out", async () => {
  const expectations = [
    [1, "{}"],
    [1, "{ severity: warning }"],
    [2, "{ severity: critical }"],
    [3, "{ severity: warning }"],
  ].map(([minute, labels]) => `\n            - { eval_time: ${minute}m, alertname: High, exp_alerts: [{ exp_labels: ${labels} }] }`);
  const tests = `
      tests:
        - input_series: [{ series: cpu, values: 50 95 99 95 }]
          alert_rule_test: ${expectations.join("")}`;
  expect(await run(`${RULES}${tests}`)).toEqual([]);
});

test("an anomaly rule is tested on scores that are computed on the way", async () => {
  expect(
    await run(`
      rules:
        - { name: Odd, kind: anomaly, selector: { metricKey: cpu }, condition: { minSeverity: critical } }
      tests:
        - input_series: [{ series: cpu, values: ${Array.from({ length: 400 }, (_, n) => 50 + ((n * 7_919) % 101) / 101).join(" ")} 900 50x3 }]
          alert_rule_test:
            - { eval_time: 399m, alertname: Odd }
            - { eval_time: 400m, alertname: Odd, exp_alerts: [{}] }
            - { eval_time: 402m, alertname: Odd }`),
  ).toEqual([]);
});

test("rates and missing data are tested like thresholds, a required series that never came among them", async () => {
  expect(
    await run(`
      rules:
        - { name: Climbs, kind: rate-of-change, selector: { metricKey: disk }, condition: { operator: gt, value: 5, unit: per_minute, window: 3m } }
        - name: Silent
          kind: missing-data
          selector: { metricKey: disk }
          condition: { requireSeries: [{ dimensions: { host: b } }], expectedInterval: 1m, grace: 3 }
      tests:
        - input_series: [{ series: 'disk{host="a"}', values: "0x5 10+10x5 _x8 60" }]
          alert_rule_test:
            - { eval_time: 5m, alertname: Climbs }
            - { eval_time: 8m, alertname: Climbs, exp_alerts: [{ exp_labels: { host: a } }] }
            - { eval_time: 3m, alertname: Silent }
            - { eval_time: 4m, alertname: Silent, exp_alerts: [{ exp_labels: { host: b } }] }
            - { eval_time: 15m, alertname: Silent, exp_alerts: [{ exp_labels: { host: a } }, { exp_labels: { host: b } }] }
            - { eval_time: 20m, alertname: Silent, exp_alerts: [{ exp_labels: { host: b } }] }`),
  ).toEqual([]);
});

test("a forecast rule cannot be tested, and says so", async () => {
  const rules =
    "rules: [{ name: Full, kind: forecast, selector: { metricKey: disk }, condition: { operator: gt, value: 5, horizon: 1h } }]";
  await expect(run(`${rules}\ntests: [{ alert_rule_test: [{ eval_time: 1m, alertname: Full }] }]`)).rejects.toThrow(
    "a test has no forecasts",
  );
});

test("what fails is shown with what was expected and what fires", async () => {
  expect(
    await run(`${RULES}
      tests:
        - name: Two hosts
          input_series:
            - { series: 'cpu{host="a"}', values: 50 95 }
            - { series: 'cpu{host="b"}', values: 50 50 }
          alert_rule_test:
            - { eval_time: 1m, alertname: High, exp_alerts: [{ exp_labels: { host: b } }] }
            - { eval_time: 0, alertname: High }`),
  ).toEqual([
    'Two hosts, "High" at 1m: 1 expected, 1 firing',
    '  - {host="b"}',
    '  + {host="a", severity="warning"}',
    "tests.yml: 1 of 2 expectations met",
  ]);
});

describe("the program", () => {
  const call = async (text: string): Promise<{ code: number; said: string }> => {
    const path = join(folder, "tests.yml");
    await writeFile(path, text);
    const { promise, resolve } = Promise.withResolvers<{ code: number; said: string }>();
    execFile(process.execPath, [PROGRAM, path], (error, said) => resolve({ code: Number(error?.code ?? 0), said }));
    return promise;
  };
  const tests = (firing: string) => `${RULES}
      tests:
        - input_series: [{ series: cpu, values: 50 95 }]
          alert_rule_test: [{ eval_time: 1m, alertname: High, exp_alerts: [${firing}] }]`;

  test.each([
    ["0 where all that was expected is so", tests("{}"), 0, /1 of 1 expectation met/],
    ["1 where it is not", tests(""), 1, /0 expected, 1 firing/],
    ["2 where the file cannot be read", "a: [", 2, /is no YAML/],
  ])("ends with %s", async (_, text, code, said) => {
    expect(await call(text)).toEqual({ code, said: expect.stringMatching(said) });
  });
});

describe("a file is refused", () => {
  test.each<[string, string, RegExp]>([
    ["that is no YAML", "a: [", /tests\.yml is no YAML/],
    ["with an unknown member", "tests: [{ promql_expr_test: [] }]", /tests\[0\]\.promql_expr_test: There is no such member/],
    ["that names a rule file that is not there", "{ rule_files: [none.yml], tests: [{}] }", /none\.yml cannot be read: ENOENT/],
    ["with PromQL", 'rules: [{ alert: Down, expr: "up == 0" }]\ntests: [{}]', /the rule "Down": PromQL is not read here/],
    [
      "with a rule that is none",
      "rules: [{ name: Down, kind: threshold }]\ntests: [{}]",
      /the rule "Down": .*selector: This member is missing/,
    ],
    ["with a rule twice", `rules: [${HIGH}, ${HIGH}]\ntests: [{}]`, /two rules are named "High"/],
    [
      "that expects of no rule",
      "tests: [{ alert_rule_test: [{ eval_time: 1m, alertname: None }] }]",
      /test 1: there is no rule named "None"/,
    ],
    ["with a time that is none", "tests: [{ alert_rule_test: [{ eval_time: soon, alertname: None }] }]", /eval_time: Expected a duration/],
  ])("%s", async (_, text, message) => {
    await expect(run(text)).rejects.toThrow(message);
  });
});
