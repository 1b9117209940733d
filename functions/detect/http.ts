import { http } from "../../shared/runtime/route.ts";
import { createDetection } from "./create.ts";
import { getAnomaly } from "./get-anomaly.ts";
import { getBudget } from "./get-budget.ts";
import { giveFeedback } from "./give-feedback.ts";
import { listAnomalies } from "./list-anomalies.ts";
import { readAnomalyRate } from "./rate.ts";
import { replaceBudget } from "./replace-budget.ts";
import { undoFeedback } from "./undo-feedback.ts";

// The path of the rate comes before the one of an anomaly, which it looks like.
export default http([createDetection, listAnomalies, readAnomalyRate, getAnomaly, giveFeedback, undoFeedback, getBudget, replaceBudget]);
