import { http } from "../../shared/runtime/route.ts";
import { getSeries } from "./get.ts";
import { listSeries } from "./list.ts";
import { readPoints } from "./points.ts";

export default http([listSeries, getSeries, readPoints]);
