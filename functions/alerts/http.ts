import { http } from "../../shared/runtime/route.ts";
import { acknowledgeAlert } from "./acknowledge.ts";
import { drawAlertPng, drawAlertSvg } from "./chart.ts";
import { assignAlert } from "./assign.ts";
import { commentOnAlert } from "./comment.ts";
import { getAlert } from "./get.ts";
import { listAlerts } from "./list.ts";
import { listComments } from "./list-comments.ts";
import { listTransitions } from "./list-transitions.ts";
import { resolveAlert } from "./resolve.ts";

export default http([
  listAlerts,
  getAlert,
  drawAlertSvg,
  drawAlertPng,
  acknowledgeAlert,
  resolveAlert,
  assignAlert,
  commentOnAlert,
  listComments,
  listTransitions,
]);
