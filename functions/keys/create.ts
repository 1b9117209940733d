import { CreatedKey, CreateKey } from "../../shared/contract/key.ts";
import type { KeyId } from "../../shared/contract/ids.ts";
import { Problem } from "../../shared/contract/problem.ts";
import { route } from "../../shared/runtime/route.ts";

export const createKey = route({
  method: "POST",
  path: "/api/v1/keys",
  summary: "Make an API key; it is shown once",
  scope: "admin",
  input: CreateKey,
  output: CreatedKey,
  location: ({ id }) => `/api/v1/keys/${id}`,
  problems: [],

  async handle({ name, scopes, expiresAt, rateLimit }, { org }, { store, clock, newId, issueApiKey }) {
    const createdAt = clock.now();
    if (expiresAt !== null && expiresAt <= createdAt) {
      throw new Problem("validation-failed", "One member is wrong.", { errors: [{ path: "expiresAt", message: "Lies in the past" }] });
    }
    const { apiKey, hash } = issueApiKey();
    const key = await store.forOrg(org).keys.insert({ id: newId<KeyId>("key"), name, hash, scopes, rateLimit, createdAt, expiresAt });
    return { ...key, apiKey };
  },
});
