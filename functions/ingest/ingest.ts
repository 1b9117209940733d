import { IngestAnswer, IngestRequest } from "../../shared/contract/ingest.ts";
import { Problem } from "../../shared/contract/problem.ts";
import { route } from "../../shared/runtime/route.ts";
import { judge } from "./take-in.ts";

export const ingest = route({
  method: "POST",
  path: "/api/v1/ingest",
  summary: "Take a batch of 1 to 1,000 metrics in; each is judged alone",
  scope: "write",
  input: IngestRequest,
  output: IngestAnswer,
  idempotency: "batch",
  problems: ["nothing-accepted"],

  async handle({ metrics }, { org, idempotency, takePoints }, { store, clock }) {
    takePoints(metrics.length);
    const tenant = store.forOrg(org);
    const at = clock.now();

    const { points, rejected } = await judge(metrics, at, tenant);
    const answer = { accepted: points.timestamps.length, rejected: rejected.length, errors: [...rejected] };

    await tenant.points.append({
      points,
      rejected: rejected.map(({ index, path, message }) => ({
        source: "ingest",
        reason: path === "" ? message : `${path}: ${message}`,
        payload: JSON.stringify(metrics[index]),
      })),
      once:
        idempotency === null || points.timestamps.length === 0
          ? undefined
          : { ...idempotency, status: 200, answer: JSON.stringify(answer) },
      at,
    });
    if (points.timestamps.length === 0) {
      throw new Problem("nothing-accepted", "Each metric of the batch is wrong; they are kept as dead letters.", { members: answer });
    }
    return answer;
  },
});
