import * as v from "valibot";
import { Org, OrgName } from "../../shared/contract/org.ts";

export const CreateOrg = v.strictObject({ name: OrgName });
/** The key of the first administrator is shown once. */
export const CreatedOrg = v.strictObject({ org: Org, apiKey: v.string() });
