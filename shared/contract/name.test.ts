import { expect, test } from "@jest/globals";
import * as v from "valibot";
import { name } from "./name.ts";

const Name = name(10);

test.each(["x", "Ülo 💥", "0123456789", "a'; --"])("%j is a name", (text) => {
  expect(v.parse(Name, text)).toBe(text);
});

test("white space around a name is dropped", () => {
  expect(v.parse(Name, " a b\n")).toBe("a b");
});

test.each(["", "  ", "01234567890", "a\u0000b", "\u001b[31mred", "a\nb", "\u202eevil", "\ud800"])("%j is no name", (text) => {
  expect(v.is(Name, text)).toBe(false);
});
