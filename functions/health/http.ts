import { http } from "../../shared/runtime/route.ts";
import { isAlive } from "./alive.ts";
import { isReady } from "./ready.ts";

export default http([isAlive, isReady]);
