import { http } from "../../shared/runtime/route.ts";
import { acknowledgeAlert } from "./acknowledge.ts";
import { drawAlertPng, drawAlertSvg } from "./chart.ts";
import { getAlert } from "./get.ts";
import { listAlerts } from "./list.ts";
import { resolveAlert } from "./resolve.ts";

export default http([listAlerts, getAlert, drawAlertSvg, drawAlertPng, acknowledgeAlert, resolveAlert]);
