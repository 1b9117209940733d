import { http } from "../../shared/runtime/route.ts";
import { getWatchdog } from "./get.ts";
import { putWatchdog } from "./put.ts";

export default http([getWatchdog, putWatchdog]);
