import { http } from "../../shared/runtime/route.ts";
import { createDetectionSettings } from "./create.ts";
import { deleteDetectionSettings } from "./delete.ts";
import { getDetectionSettings } from "./get.ts";
import { listDetectionSettings } from "./list.ts";
import { patchDetectionSettings } from "./patch.ts";
import { replaceDetectionSettings } from "./replace.ts";

export default http([
  createDetectionSettings,
  listDetectionSettings,
  getDetectionSettings,
  replaceDetectionSettings,
  patchDetectionSettings,
  deleteDetectionSettings,
]);
