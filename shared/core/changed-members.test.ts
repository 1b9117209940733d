import { expect, test } from "@jest/globals";
import { changedMembers } from "./changed-members.ts";

test.each<[string, unknown, unknown, readonly [string, unknown, unknown][]]>([
  ["equal values differ in nothing, whatever the order of their members", { a: 1, b: { c: [1] } }, { b: { c: [1] }, a: 1 }, []],
  ["a member is named with its way", { a: { b: 1, c: 2 } }, { a: { b: 3, c: 2 } }, [["a.b", 1, 3]]],
  [
    "one side may lack it",
    { a: 1 },
    { b: 2 },
    [
      ["a", 1, undefined],
      ["b", undefined, 2],
    ],
  ],
  ["a member that is undefined is one that is not there", { a: undefined }, {}, []],
  ["lists are compared as a whole", { a: [1, 2] }, { a: [1, 3] }, [["a", [1, 2], [1, 3]]]],
  [
    "routes one by one, as deep as they go",
    { routes: [{ name: "a", routes: [{ groupWait: 1 }] }, { name: "b" }] },
    { routes: [{ name: "a", routes: [{ groupWait: 2 }] }] },
    [
      ["routes[0].routes[0].groupWait", 1, 2],
      ["routes[1]", { name: "b" }, undefined],
    ],
  ],
  ["an object and a text differ as a whole", { a: { b: 1 } }, { a: "b" }, [["a", { b: 1 }, "b"]]],
])("%s", (_, before, after, expected) => {
  expect(changedMembers(before, after).map((one) => [one.path, one.before, one.after])).toEqual(expected);
});
