import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { isPublicAddress } from "./guard.ts";

describe("an address on the public internet is let through", () => {
  test.each([
    "8.8.8.8",
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "192.169.0.0",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2001:4860:4860::8888",
    "2A00:1450:4001:0810:0000:0000:0000:200E",
  ])("%s", (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });
});

describe("an address that is not on the public internet is refused", () => {
  test.each([
    ["unspecified", "0.0.0.0"],
    ["this network", "0.1.2.3"],
    ["private", "10.0.0.1"],
    ["private", "172.16.0.1"],
    ["private", "172.31.255.255"],
    ["private", "192.168.1.1"],
    ["carrier-grade NAT", "100.64.0.1"],
    ["carrier-grade NAT, a cloud's metadata", "100.100.100.200"],
    ["loopback", "127.0.0.1"],
    ["loopback", "127.255.255.254"],
    ["link-local", "169.254.0.1"],
    ["metadata", "169.254.169.254"],
    ["a cloud's platform endpoint", "168.63.129.16"],
    ["IETF protocol assignments", "192.0.0.192"],
    ["documentation", "192.0.2.1"],
    ["documentation", "198.51.100.1"],
    ["documentation", "203.0.113.1"],
    ["6to4 relays", "192.88.99.1"],
    ["benchmarking", "198.18.0.1"],
    ["multicast", "224.0.0.1"],
    ["reserved", "240.0.0.1"],
    ["broadcast", "255.255.255.255"],
    ["unspecified", "::"],
    ["loopback", "::1"],
    ["loopback, written out", "0000:0000:0000:0000:0000:0000:0000:0001"],
    ["IPv4-compatible", "::127.0.0.1"],
    ["IPv4-compatible and public", "::8.8.8.8"],
    ["IPv4-mapped", "::ffff:127.0.0.1"],
    ["IPv4-mapped in hexadecimal", "::ffff:7f00:1"],
    ["IPv4-mapped in capitals", "::FFFF:7F00:0001"],
    ["IPv4-mapped, written out", "0:0:0:0:0:ffff:a9fe:a9fe"],
    ["IPv4-mapped and public", "::ffff:8.8.8.8"],
    ["IPv4-translated", "::ffff:0:127.0.0.1"],
    ["NAT64", "64:ff9b::127.0.0.1"],
    ["NAT64 and public", "64:ff9b::808:808"],
    ["local NAT64", "64:ff9b:1::a00:1"],
    ["discard", "100::1"],
    ["6to4 of loopback", "2002:7f00:1::1"],
    ["6to4 of metadata", "2002:a9fe:a9fe::1"],
    ["Teredo", "2001:0:4136:e378:8000:63bf:80ff:fffe"],
    ["benchmarking", "2001:2::1"],
    ["ORCHID", "2001:10::1"],
    ["ORCHIDv2", "2001:20::1"],
    ["documentation", "2001:db8::1"],
    ["documentation", "3fff::1"],
    ["segment routing", "5f00::1"],
    ["never assigned", "4000::1"],
    ["unique local", "fc00::1"],
    ["unique local, a cloud's metadata", "fd00:ec2::254"],
    ["unique local in capitals", "FD12:3456::1"],
    ["link-local", "fe80::1"],
    ["link-local with a zone", "fe80::1%eth0"],
    ["public with a zone", "2606:4700:4700::1111%1"],
    ["site-local", "fec0::1"],
    ["multicast", "ff02::1"],
  ])("%s: %s", (_range, address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe("a spelling that no resolver answers is refused, even of a public address", () => {
  test.each([
    "2130706433",
    "017700000001",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "127.1",
    "127.0.1",
    "8.8.2056",
    "08.8.8.8",
    "8.8.8.8.",
    "127.0.0.1.",
    "[::1]",
    "[::ffff:7f00:1]",
    "[2606:4700:4700::1111]",
    "2606:4700:4700::1111/64",
    " 8.8.8.8",
    "8.8.8.8\n",
    "8.8.8.8:80",
    "8.8.8.8/0",
    "8\u30028\u30028\u30028",
    "\uff18.8.8.8",
    "localhost",
    "metadata.google.internal",
    "",
  ])("%j", (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

test("no IPv4 address is reachable by putting it into an IPv6 one", () => {
  const byte = fc.integer({ min: 0, max: 255 });
  fc.assert(
    fc.property(fc.tuple(byte, byte, byte, byte), fc.constantFrom("::ffff:", "::", "64:ff9b::", "::ffff:0:"), (octets, prefix) => {
      expect(isPublicAddress(prefix + octets.join("."))).toBe(false);
    }),
  );
});

test("no text makes the decision throw", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6()), (address) => typeof isPublicAddress(address) === "boolean"));
});
