import { http } from "../../shared/runtime/route.ts";
import { dropDeadLetter } from "./drop-dead-letter.ts";
import { ingest } from "./ingest.ts";
import { listDeadLetters } from "./list-dead-letters.ts";
import { otlpMetrics, otlpMetricsBelowApi } from "./otlp.ts";
import { remoteWrite } from "./remote-write.ts";
import { replayDeadLetter } from "./replay-dead-letter.ts";

export default http([ingest, remoteWrite, otlpMetrics, otlpMetricsBelowApi, listDeadLetters, replayDeadLetter, dropDeadLetter]);
