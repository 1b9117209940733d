import type { OrgId } from "../../shared/contract/ids.ts";

/** Longer than a pass: who still holds it after that has died. */
export const LEASE_MS = 15_000;

/** The lease of whoever moves detectors of an organisation. */
export const leaseOf = (org: OrgId): string => `detect:${org}`;
