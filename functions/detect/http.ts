import { http } from "../../shared/runtime/route.ts";
import { createDetection } from "./create.ts";
import { giveFeedback } from "./give-feedback.ts";
import { getBudget } from "./get-budget.ts";
import { getAnomaly } from "./get-anomaly.ts";
import { listAnomalies } from "./list-anomalies.ts";

import { replaceBudget } from "./replace-budget.ts";
import { undoFeedback } from "./undo-feedback.ts";

export default http([createDetection, listAnomalies, getAnomaly, giveFeedback, undoFeedback, getBudget, replaceBudget]);
