import { http } from "../../shared/runtime/route.ts";
import { dropDeadLetter } from "./drop-dead-letter.ts";
import { ingest } from "./ingest.ts";
import { influxPing, influxQueryByGet, influxQueryByPost } from "./influx-query.ts";
import { influxWrite, influxWrite2 } from "./influx.ts";
import { listDeadLetters } from "./list-dead-letters.ts";
import { otlpMetrics, otlpMetricsBelowApi } from "./otlp.ts";
import { remoteWrite } from "./remote-write.ts";
import { replayDeadLetter } from "./replay-dead-letter.ts";

export default http([
  ingest,
  remoteWrite,
  otlpMetrics,
  otlpMetricsBelowApi,
  influxWrite,
  influxWrite2,
  influxQueryByGet,
  influxQueryByPost,
  influxPing,
  listDeadLetters,
  replayDeadLetter,
  dropDeadLetter,
]);
