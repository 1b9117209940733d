import type { KeyId, OrgId } from "../../shared/contract/ids.ts";
import { isoTime } from "../../shared/contract/time.ts";
import { route } from "../../shared/runtime/route.ts";
import { CreatedOrg, CreateOrg } from "./contract.ts";

export const createOrg = route({
  method: "POST",
  path: "/api/v1/orgs",
  summary: "Create an organisation with its first key",
  scope: "platform",
  input: CreateOrg,
  output: CreatedOrg,
  location: () => "/api/v1/org",
  problems: [],

  async handle({ name }, _context, { store, clock, newId, issueApiKey }) {
    const createdAt = clock.now();
    const org = { id: newId<OrgId>("org"), name, createdAt: isoTime(createdAt) };
    const { apiKey, hash } = issueApiKey();
    const key = { id: newId<KeyId>("key"), name: "first key", hash, scopes: ["*"] as const, rateLimit: null, createdAt, expiresAt: null };
    await store.platform.orgs.create(org, key);
    return { org, apiKey };
  },
});
