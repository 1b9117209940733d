import { http } from "../../shared/runtime/route.ts";
import { createOrg } from "./create.ts";
import { getOrg } from "./get.ts";

export default http([createOrg, getOrg]);
