import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/** All of IPv6 that is assigned as global unicast: what lies outside of it reaches nobody, or somebody inside. */
const GLOBAL_UNICAST: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse("2000::"), 3];
/** Public by its range, yet answered inside of every Azure network: the platform's own endpoint. */
const AZURE_PLATFORM = "168.63.129.16";

/**
 * Whether an address may be connected to for somebody who is not trusted: global unicast, and nothing else.
 *
 * Forms that carry an IPv4 address inside an IPv6 one (mapped, NAT64, 6to4, Teredo) are refused whatever they carry.
 *
 * @param address - As a resolver answers it: IPv4 in four decimal parts, IPv6 without brackets or zone. Any other spelling is refused.
 * @see IANA IPv4 and IPv6 Special-Purpose Address Registries; RFC 4291, section 2.4.
 */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return address !== AZURE_PLATFORM && ipaddr.IPv4.parse(address).range() === "unicast";
  if (family !== 6 || address.includes("%")) return false;
  const parsed = ipaddr.IPv6.parse(address);
  return parsed.match(GLOBAL_UNICAST) && parsed.range() === "unicast";
}
