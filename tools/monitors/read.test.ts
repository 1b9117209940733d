import { describe, expect, test } from "@jest/globals";
import { readFiles } from "./read.ts";

const read = (text: string, env: Record<string, string> = {}) => readFiles([{ path: "m.yaml", text }], env);
const RULE = `
  - name: CPU
    kind: threshold
    selector: {metricKey: cpu}
    condition: {operator: gt, value: 90}`;

describe("a directory", () => {
  test("gives what is asked for, merged parts of YAML included", () => {
    const [a, b] = read(
      `rules:\n  - &a\n    name: A\n    kind: threshold\n    selector: {metricKey: cpu}\n    condition: {operator: gt, value: 1}\n  - <<: *a\n    name: B`,
    );
    expect([a?.name, b?.name, b?.definition["condition"]]).toEqual(["A", "B", a?.definition["condition"]]);
  });

  test.each<[string, string, RegExp]>([
    ["YAML that is none", "rules:\n  - {", /^m\.yaml:\d: /],
    ["two documents", "rules: []\n---\nrules: []", /^m\.yaml:\d: /],
    ["an unknown section", "# hello\nrule: []", /^m\.yaml:2: There is no section rule, only channels, routes/],
    ["a section that is no list", "rules: {}", /^m\.yaml:1: Expected a list/],
    ["an unknown member", `rules:${RULE}\n    sevrity: critical`, /^m\.yaml:6: rule "CPU": sevrity: There is no such member$/],
    [
      "a wrong member deep down",
      `rules:${RULE.replace("value: 90", "value: 90, recover: 95")}`,
      /^m\.yaml:5: rule "CPU": condition\.recover: Expected at most the value/,
    ],
    [
      "a member that is missing",
      "rules:\n  - name: CPU\n    kind: anomaly\n    condition: {}",
      /^m\.yaml:2: rule "CPU": selector: This member is missing$/,
    ],
    ["a name twice", `rules:${RULE}${RULE}`, /^m\.yaml:6: rule "CPU": name: Another one has this name$/],
    ["something else than members", "channels: [inbox]", /^m\.yaml:1: channel: Expected members$/],
    [
      "a secret in the clear",
      "channels:\n  - name: Chat\n    kind: slack\n    config: {url: 'https://hooks.example.com/x'}",
      /^m\.yaml:4: channel "Chat": config\.url: Expected \$\{NAME\}/,
    ],
    [
      "a variable that is not there",
      "channels:\n  - name: Chat\n    kind: slack\n    config:\n      url: ${CHAT}",
      /^m\.yaml:5: channel "Chat": config\.url: The environment has no CHAT$/,
    ],
  ])("%s is refused with its line", (_, text, expected) => {
    expect(() => read(text)).toThrow(expected);
  });

  test("everything that is wrong is said at once, of every file", () => {
    const files = ["a.yaml", "b.yaml"].map((path) => ({ path, text: "rule: []\nrules: {}" }));
    expect(() => readFiles(files, {})).toThrow(/a\.yaml:1.*\n.*a\.yaml:2.*\n.*b\.yaml:1.*\n.*b\.yaml:2/);
  });
});

describe("a channel", () => {
  const hook = (url: string) => `channels:\n  - name: Hook\n    kind: webhook\n    config:\n      url: ${url}\n      secret: \${SECRET}`;
  const SECRET = `whsec_${"A".repeat(43)}=`;

  test("has its secrets from the environment, in its body alone", () => {
    const [channel] = read(hook("https://example.com/${TOKEN}"), { SECRET, TOKEN: "tttt" });
    expect(channel?.body).toMatchObject({ config: { url: "https://example.com/tttt", secret: SECRET, format: "intentvision" } });
    expect(JSON.stringify(channel?.definition)).not.toMatch(/tttt|whsec/);
  });

  test("has a dollar and a brace where they are meant", () => {
    expect(read(hook("'https://example.com/$${x}'"), { SECRET })[0]?.body).toMatchObject({ config: { url: "https://example.com/${x}" } });
  });

  test("is complained of without the values of its secrets", () => {
    expect(() => read(hook("https://example.com/"), { SECRET: "not-one" })).toThrow(/config\.secret: Expected whsec_/);
    const [channel] = read(hook("https://example.com/"), { SECRET });
    expect(channel?.complaint(["config", "secret"], `${SECRET} is not good`)).toBe(
      'm.yaml:6: channel "Hook": config.secret: ${SECRET} is not good',
    );
  });
});
