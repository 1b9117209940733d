import { http } from "../../shared/runtime/route.ts";
import { createKey } from "./create.ts";
import { getKey } from "./get.ts";
import { listKeys } from "./list.ts";
import { revokeKey } from "./revoke.ts";

export default http([createKey, listKeys, getKey, revokeKey]);
