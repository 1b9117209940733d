import { expect, test } from "@jest/globals";
import type { OrgId, SeriesId } from "../../contract/ids.ts";
import { hashId } from "../hash-id.ts";
import { scoreEpisodes } from "./backtest-score.ts";
import type { LabelledEpisode, LabelledTime } from "./backtest-score.ts";

const series = (name: string) => hashId<SeriesId>("ser", [hashId<OrgId>("org", ["test"]), name]);
const fired = (startedAt: number, resolvedAt: number | null, of: string | null = "a"): LabelledEpisode => ({
  series: of === null ? null : series(of),
  startedAt,
  resolvedAt,
});
const said = (from: number, to: number, kind: LabelledTime["kind"] = "incident", of: string | null = "a"): LabelledTime => ({
  from,
  to,
  series: of === null ? null : series(of),
  kind,
});

test.each<[string, readonly LabelledEpisode[], readonly LabelledTime[], boolean, (number | null)[]]>([
  ["an alert during an incident is right", [fired(5, 8)], [said(4, 9)], false, [1, 1, 0, 0, 1, 1]],
  ["one that only begins in it is right too", [fired(8, 20)], [said(4, 9)], false, [1, 1, 0, 0, 1, 1]],
  ["one that ended as it began met nothing", [fired(2, 4)], [said(4, 9)], false, [0, 0, 0, 1, null, 0]],
  ["one that is still open goes on", [fired(2, null)], [said(4, 9)], false, [1, 1, 0, 0, 1, 1]],
  ["one of another series met nothing", [fired(5, 8, "b")], [said(4, 9)], false, [0, 0, 0, 1, null, 0]],
  ["one of no series may meet any", [fired(5, 8, null)], [said(4, 9)], false, [1, 1, 0, 0, 1, 1]],
  ["a label of no series is met by any", [fired(5, 8, "b")], [said(4, 9, "incident", null)], true, [1, 1, 0, 0, 1, 1]],
  ["one during what was expected is wrong", [fired(5, 8)], [said(4, 9, "no-incident")], false, [0, 0, 1, 0, 0, null]],
  ["one during both is right", [fired(5, 8)], [said(4, 6), said(6, 9, "no-incident")], false, [1, 1, 0, 0, 1, 1]],
  ["where all incidents are known, one outside is wrong", [fired(5, 8), fired(20, 21)], [said(4, 9)], true, [1, 1, 1, 0, 0.5, 1]],
  ["two alerts of one incident find it once", [fired(5, 6), fired(7, 8)], [said(4, 9), said(30, 31)], true, [2, 1, 0, 0, 1, 0.5]],
  ["no alert finds nothing", [], [said(4, 9)], true, [0, 0, 0, 0, null, 0]],
])("%s", (_, episodes, labels, isComplete, [truePositives, found, falsePositives, unlabelled, precision, recall]) => {
  expect(scoreEpisodes(episodes, labels, { isComplete })).toEqual({
    incidents: labels.filter(({ kind }) => kind === "incident").length,
    found,
    truePositives,
    falsePositives,
    unlabelled,
    precision,
    recall,
  });
});
