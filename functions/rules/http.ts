import { http } from "../../shared/runtime/route.ts";
import { createRule } from "./create.ts";
import { deleteRule } from "./delete.ts";
import { getRule } from "./get.ts";
import { listRuleVersions } from "./versions.ts";
import { listRules } from "./list.ts";
import { patchRule } from "./patch.ts";
import { previewTemplate } from "./preview-template.ts";
import { replaceRule } from "./replace.ts";

export default http([createRule, listRules, getRule, replaceRule, patchRule, deleteRule, listRuleVersions, previewTemplate]);
