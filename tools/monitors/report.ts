import { formatDuration } from "../../shared/contract/time.ts";
import { oneLine } from "../../shared/core/message/plain-text.ts";
import type { MemberChange } from "../../shared/core/changed-members.ts";
import { count } from "../dev/terminal.ts";
import { placeholderOf, RESOURCES } from "./kinds.ts";
import type { Plan, Present, Step } from "./plan.ts";
import type { Wanted } from "./read.ts";

const MOST_CHARACTERS = 200;
/** Members whose numbers are milliseconds. */
const DURATION =
  /(^|\.)(for|keepFiringFor|interval|evalDelay|repeatInterval|window|per|horizon|expectedInterval|groupWait|groupWaitCritical|groupInterval)$/;

/** Its kind and name, in a sentence. */
export const nameOf = ({ kind, name }: Pick<Wanted, "kind" | "name">): string =>
  kind === "routes" ? RESOURCES.routes.one : `${RESOURCES[kind].one} ${oneLine(JSON.stringify(name))}`;

/** Placeholders by the names that they stand for, to be shown instead. */
export function namesOf(wanted: readonly Wanted[], present: readonly Present[]): ReadonlyMap<string, string> {
  return new Map(
    [...wanted, ...present].flatMap(({ kind, name }) =>
      kind === "channel" || kind === "rule" ? [[placeholderOf(kind, name), name] as const] : [],
    ),
  );
}

/** What a step does: a line, and one for each member that changes. */
export function stepLines(step: Step, names: ReadonlyMap<string, string>): readonly string[] {
  switch (step.act) {
    case "create":
      return [`+ ${nameOf(step.wanted)}`];
    case "delete":
      return [
        step.present.isSecond ? `- ${nameOf(step.present)}, a second one of its name (${step.present.id})` : `- ${nameOf(step.present)}`,
      ];
    case "change":
      return [`~ ${nameOf(step.wanted)}`, ...step.changes.map((change) => `    ${changeText(change, names)}`)];
  }
}

function changeText({ path, before, after }: MemberChange, names: ReadonlyMap<string, string>): string {
  const text = (value: unknown) => valueText(path, value, names);
  if (before === undefined && after === undefined) return `${oneLine(path)}: another value, which is not shown`;
  if (before === undefined) return `${oneLine(path)}: now ${text(after)}`;
  return after === undefined ? `${oneLine(path)}: no longer ${text(before)}` : `${oneLine(path)}: ${text(before)} -> ${text(after)}`;
}

function valueText(path: string, value: unknown, names: ReadonlyMap<string, string>): string {
  if (typeof value === "number" && DURATION.test(path)) return formatDuration(value);
  const named = JSON.stringify(value, (name, member: unknown) => {
    if (typeof member === "number" && DURATION.test(name)) return formatDuration(member);
    return typeof member === "string" ? (names.get(member) ?? member) : member;
  });
  return oneLine(named.length > MOST_CHARACTERS ? `${named.slice(0, MOST_CHARACTERS)}…` : named);
}

/** What a plan comes to, and what it leaves alone. */
export function summaryLines({ steps, kept }: Plan, isDone: boolean): readonly string[] {
  const many = (act: Step["act"]) => steps.filter((step) => step.act === act).length;
  const counts = [`${many("create")} created`, `${many("change")} changed`, `${many("delete")} deleted`].join(", ");
  const left = kept.length === 0 ? [] : [`Not in the directory, and left alone (--prune deletes them): ${kept.map(nameOf).join(", ")}.`];
  if (steps.length === 0) return ["Everything is as the directory says.", ...left];
  return [isDone ? `${counts}.` : `${count(steps.length, "step")} to make: ${counts}.`, ...left];
}
