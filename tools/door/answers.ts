import * as v from "valibot";
import { IngestAnswer } from "../../shared/contract/ingest.ts";
import { Org } from "../../shared/contract/org.ts";
import { ProblemBody, PROBLEMS } from "../../shared/contract/problem.ts";
import { patiently } from "./patience.ts";
import type { Client, DoorAnswer } from "../dev/client.ts";

/** Where nothing of a batch is accepted the problem has the members of an answer. */
const Refused = v.object({ status: v.literal(PROBLEMS["nothing-accepted"].status), ...IngestAnswer.entries });

/** The organisation of the key. @throws Error that says what to do, where nothing answers or the key is refused. */
export async function readOrg(client: Pick<Client, "ask">): Promise<Org> {
  return answerOf(Org, client, "GET", "/api/v1/org");
}

/** As readOrg; null where the system is one that serves other paths alone, and so does not tell. */
export async function readOrgIfTold(client: Pick<Client, "ask">): Promise<Org | null> {
  const answer = await patiently(client, "GET", "/api/v1/org");
  const isElsewhere = answer.status === PROBLEMS["not-found"].status && parsed(ProblemBody, answer) !== null;
  return isElsewhere ? null : told(Org, answer);
}

/** Asks, patiently. @throws Error that says what to do, where it is refused or not answered. */
export async function answerOf<Schema extends v.GenericSchema>(
  schema: Schema,
  client: Pick<Client, "ask">,
  ...request: Parameters<Client["ask"]>
): Promise<v.InferOutput<Schema>> {
  return told(schema, await patiently(client, ...request));
}

/** What an answer says. @throws Error that says what to do, where it is a refusal. */
export function told<Schema extends v.GenericSchema>(schema: Schema, answer: DoorAnswer): v.InferOutput<Schema> {
  const found = answer.ok ? parsed(schema, answer) : null;
  if (found === null) throw refusal(answer);
  return found;
}

/** What became of a batch of metrics. @throws Error that says why it was refused as a whole. */
export function ingestAnswer(answer: DoorAnswer): IngestAnswer {
  const outcome = parsed(answer.ok ? IngestAnswer : Refused, answer);
  if (outcome === null) throw refusal(answer);
  return outcome;
}

/** What an answer says; null where it is not of that shape. */
export function parsed<Schema extends v.GenericSchema>(schema: Schema, { text }: DoorAnswer): v.InferOutput<Schema> | null {
  try {
    return v.parse(schema, JSON.parse(text));
  } catch {
    return null;
  }
}

/** A refusal in words for the person who asked. */
function refusal(answer: DoorAnswer): Error {
  const { status } = answer;
  if (status === PROBLEMS["unauthenticated"].status) return new Error("The key is refused: give one that is valid there with --key.");
  const problem = parsed(ProblemBody, answer);
  if (problem === null) return new Error(`It answered ${status}, and not as IntentVision does: is this its address?`);
  const { title, detail, errors = [] } = problem;
  const fields = errors.map(({ path, message }) => ` ${path}: ${message}.`);
  return new Error(`It answered ${status}: ${title}.${detail === undefined ? "" : ` ${detail}`}${fields.join("")}`);
}
