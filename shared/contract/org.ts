import * as v from "valibot";
import { OrgId } from "./ids.ts";
import { IsoTime } from "./time.ts";

export const OrgName = v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(100));
export const Org = v.strictObject({ id: OrgId, name: OrgName, createdAt: IsoTime });
export type Org = v.InferOutput<typeof Org>;
