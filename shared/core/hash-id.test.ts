import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { base32hex, canonicalJson, hashId } from "./hash-id.ts";

test("base32hex agrees with RFC 4648's vector and sorts like its bytes", () => {
  expect(base32hex(Buffer.from("fooba"))).toBe("cpnmuoj1");
  const five = fc.uint8Array({ minLength: 15, maxLength: 15 });
  fc.assert(
    fc.property(five, five, (a, b) => {
      const bytes = Buffer.compare(a, b);
      const [left, right] = [base32hex(a), base32hex(b)];
      expect(left < right ? -1 : left > right ? 1 : 0).toBe(bytes);
    }),
  );
});

test("the order of members never changes an id, and their content always does", () => {
  expect(canonicalJson({ b: 1, a: { d: 2, c: [3, { f: 1, e: 2 }] } })).toBe('{"a":{"c":[3,{"e":2,"f":1}],"d":2},"b":1}');
  expect(hashId("ser", ["org", { a: "1", b: "2" }])).toBe(hashId("ser", ["org", { b: "2", a: "1" }]));
  expect(hashId("ser", ["org", { a: "1,b=2" }])).not.toBe(hashId("ser", ["org", { a: "1", b: "2" }]));
});

test("an id is its prefix and 24 characters", () => {
  expect(hashId("rul", ["x"])).toMatch(/^rul_[0-9a-v]{24}$/);
});
