import { http } from "../../shared/runtime/route.ts";
import { getAsset } from "./asset.ts";
import { getOpenApi } from "./openapi.ts";
import { getReference } from "./page.ts";

export default http([getOpenApi, getReference, getAsset]);
