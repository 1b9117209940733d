import * as v from "valibot";
import { OrgId } from "./ids.ts";
import { name } from "./name.ts";
import { IsoTime } from "./time.ts";

export const OrgName = name(100);
export const Org = v.strictObject({ id: OrgId, name: OrgName, createdAt: IsoTime });
export type Org = v.InferOutput<typeof Org>;
