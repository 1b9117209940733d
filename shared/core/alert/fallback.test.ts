import { expect, test } from "@jest/globals";
import type { ChannelId } from "../../contract/ids.ts";
import { fallbackFault } from "./fallback.ts";

/** "a>b b>c" is a channel a with the fallback b, which has c. */
const links = (text: string) =>
  text.split(" ").map((link) => {
    const [id, fallback] = link.split(">");
    return { id: id as ChannelId, fallback: (fallback as ChannelId | undefined) ?? null };
  });

test.each([
  ["a b", "a", null],
  ["a b", "a>b", null],
  ["a b", "a>x", "There is no such channel"],
  ["a b", "a>a", "Leads back to the channel itself"],
  ["a b>a", "a>b", "Leads back to the channel itself"],
  ["a b>c c>a", "a>b", "Leads back to the channel itself"],
  ["a b>c c>d d", "a>b", null],
  ["a b>c c>d d>e e", "a>b", "A message would go on to more than 3 channels"],
  ["a>b b>c c>d d e", "d>e", "A message would go on to more than 3 channels"],
  ["b>c c", "a>b", null],
])("of the channels %s, %s: %s", (channels, changed, fault) => {
  expect(fallbackFault(links(channels), links(changed)[0]!)).toBe(fault);
});
