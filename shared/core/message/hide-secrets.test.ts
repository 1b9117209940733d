import { describe, expect, test } from "@jest/globals";
import { hideSecrets } from "./hide-secrets.ts";

const URL_OF_A_HOOK = "https://hooks.example.com/services/T00000/B11111/abcdefgh?token=zyxwvut";
const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const config = { url: URL_OF_A_HOOK, secret: SECRET, deep: { password: "correct horse" } };

describe("of an answer", () => {
  test.each([
    ["the whole address", `no such hook ${URL_OF_A_HOOK}, sorry`],
    ["its path", "The requested URL /services/T00000/B11111/abcdefgh was not found"],
    ["a part of its path", '{"error":"unknown hook abcdefgh"}'],
    ["its query", "bad token zyxwvut"],
    ["its slashes written as JSON may", '{"url":"https:\\/\\/hooks.example.com\\/services\\/T00000\\/B11111\\/abcdefgh"}'],
    ["the signing secret", `signed with ${SECRET}`],
    ["the signing secret without its prefix", `key ${SECRET.slice(6)}`],
    ["a secret deep in the configuration", "535 correct horse refused"],
    ["somebody else's address", "moved to https://other.example.com/private/path"],
    ["a bearer token", "Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.e30"],
  ])("%s is not kept", (_what, answer) => {
    const kept = hideSecrets(answer, config, 1_000);
    expect(kept).toContain("[hidden]");
    for (const secret of ["abcdefgh", "zyxwvut", SECRET.slice(6), "correct horse", "private", "eyJ"]) expect(kept).not.toContain(secret);
  });

  test("what is no secret stays as it came", () => {
    expect(hideSecrets('{"ok":false,"error":"invalid_blocks"}', config, 1_000)).toBe('{"ok":false,"error":"invalid_blocks"}');
  });

  test("recipients of the channel are named", () => {
    const answer = "Refused recipients: ada@example.com (550)";
    expect(hideSecrets(answer, { to: ["ada@example.com"], smtp: { password: "correct horse" } }, 1_000)).toBe(answer);
  });

  test("the beginning is kept, and no half of a character", () => {
    expect(hideSecrets("a".repeat(2_000), {}, 1_000)).toBe("a".repeat(1_000));
    expect(hideSecrets(`${"a".repeat(9)}😀`, {}, 10).isWellFormed()).toBe(true);
  });

  test("a secret that the end of what is kept would cut is hidden before it is cut", () => {
    const kept = hideSecrets(`${"a".repeat(995)}${SECRET}`, config, 1_000);
    expect(kept).toBe(`${"a".repeat(995)}[hidd`);
  });
});
