import { http } from "../../shared/runtime/route.ts";
import { createDetection } from "./create.ts";
import { getAnomaly } from "./get-anomaly.ts";
import { listAnomalies } from "./list-anomalies.ts";

export default http([createDetection, listAnomalies, getAnomaly]);
