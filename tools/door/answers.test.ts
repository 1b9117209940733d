import { describe, expect, test } from "@jest/globals";
import { answer, clientWith } from "../../shared/testing/door-client.ts";
import { readOrg, readOrgIfTold } from "./answers.ts";

describe("a door that does not do it is said in words", () => {
  test.each([
    ["nothing answers", null, /^Nothing answers there: start it with npm start\.$/],
    ["the key is wrong", answer(401, { type: "x", title: "A valid API key is required", status: 401 }), /^The key is refused/],
    [
      "the key may not",
      answer(403, { type: "x", title: "This key may not do that", status: 403, detail: "It lacks read." }),
      /^It answered 403: This key may not do that\. It lacks read\.$/,
    ],
    ["it is another server's", answer(404, "<html>"), /not as IntentVision does/],
    ["it is another server's, and glad", answer(200, "<html>"), /not as IntentVision does/],
    [
      "a field is wrong",
      answer(400, { type: "x", title: "No", status: 400, errors: [{ path: "to", message: "Expected less" }] }),
      /^It answered 400: No\. to: Expected less\.$/,
    ],
  ])("%s", async (_, given, expected) => {
    await expect(readOrg(clientWith([given]).client)).rejects.toThrow(expected);
    await expect(readOrgIfTold(clientWith([given]).client)).rejects.toThrow(expected);
  });
});

test("a system that serves other paths alone does not tell whose the key is, and that is no error", async () => {
  const elsewhere = answer(404, { type: "x", title: "No such resource in this organisation", status: 404 });
  expect(await readOrgIfTold(clientWith([elsewhere]).client)).toBeNull();
  await expect(readOrg(clientWith([elsewhere]).client)).rejects.toThrow("It answered 404");
});
