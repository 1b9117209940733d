import { invalid } from "../../shared/contract/problem.ts";
import type { AlertRecord } from "../../shared/core/alert/alert-record.ts";
import { hidingMatchers } from "../../shared/core/alert/label-matchers.ts";
import { alertLabels, labelledOf } from "../../shared/core/alert/policies.ts";
import { toldAlert } from "../../shared/core/message/told-alert.ts";
import { route } from "../../shared/runtime/route.ts";
import type { Labelled } from "../../shared/core/alert/policies.ts";
import { MOST_PREVIEWED, PreviewSilence, SilencePreview } from "./contract.ts";

const PAGE = 1_000;
/** Recent episodes that are looked through, in pages. */
const MOST_PAGES = 5;

export const previewSilence = route({
  method: "POST",
  path: "/api/v1/silences/preview",
  summary: "Which open alerts a silence with these matchers would hide, and which of the ended ones it would have hidden; makes none",
  scope: "read",
  input: PreviewSilence,
  output: SilencePreview,
  problems: [],

  async handle({ matchers, since }, { org }, { store, clock }) {
    const compiled = hidingMatchers("matchers", matchers);
    if (!compiled.ok) throw invalid([compiled.error]);
    const { alerts } = store.forOrg(org);
    const now = clock.now();

    const unknown = new Set(matchers.map(({ name }) => name));
    const isHidden = (alert: Labelled): boolean => {
      const labels = alertLabels(alert);
      for (const name of unknown) if (Object.hasOwn(labels, name)) unknown.delete(name);
      return compiled.value(labels);
    };

    const current = (await alerts.open()).filter(isHidden);
    const shown = await alerts.getMany(current.slice(0, MOST_PREVIEWED).map(({ id }) => id));

    const recent: AlertRecord[] = [];
    let cursor: string | null = null;
    let complete = false;
    for (let page = 0; page < MOST_PAGES && !complete; page += 1) {
      const found = await alerts.list({ status: ["resolved"] }, { limit: PAGE, ...(cursor !== null && { cursor }) }, now);
      const young = found.items.filter(({ episode }) => episode.startedAt >= now - since);
      recent.push(...young.filter((alert) => isHidden(labelledOf(alert))));
      cursor = found.nextCursor;
      complete = cursor === null || young.length < found.items.length;
    }
    return {
      current: { count: current.length, alerts: shown.map((alert) => toldAlert(alert, undefined, now)) },
      recent: { count: recent.length, alerts: recent.slice(0, MOST_PREVIEWED).map((alert) => toldAlert(alert, undefined, now)) },
      complete,
      unknownLabels: [...unknown],
    };
  },
});
