import type * as v from "valibot";
import { notFound, Problem } from "../../shared/contract/problem.ts";
import { loadAlertChart } from "../../shared/ports/alert-chart.ts";
import type { ChartSize } from "../../shared/ports/charts.ts";
import type { Deps } from "../../shared/ports.ts";
import { route } from "../../shared/runtime/route.ts";
import type { TenantContext } from "../../shared/runtime/route.ts";
import { DrawAlert } from "./contract.ts";

/**
 * What an open alert shows grows: for a minute a picture is as good as new. Texts of tenants are in it, so a browser is to run nothing of
 * it.
 */
const HEADERS = {
  "Cache-Control": "private, max-age=60",
  "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
  "X-Content-Type-Options": "nosniff",
} as const;
const asked = {
  method: "GET",
  scope: "read",
  input: DrawAlert,
  output: null,
  status: 200,
  headers: HEADERS,
  problems: ["not-found"],
} as const;

const SVG = "image/svg+xml";
const PNG = "image/png";

export const drawAlertSvg = route({
  ...asked,
  bytes: SVG,
  path: "/api/v1/alerts/{id}/chart.svg",
  summary: "Draw the points around an alert, with what they were compared with, as SVG",

  async handle(input, context, deps) {
    const { chart, size } = await load(input, context, deps);
    return { contentType: `${SVG}; charset=utf-8`, body: await deps.charts.svg(chart, size) };
  },
});

export const drawAlertPng = route({
  ...asked,
  bytes: PNG,
  path: "/api/v1/alerts/{id}/chart.png",
  summary: "Draw the points around an alert, with what they were compared with, as PNG of two pixels for each of CSS",

  async handle(input, context, deps) {
    const { chart, size } = await load(input, context, deps);
    return { contentType: PNG, body: await deps.charts.png(chart, size) };
  },
});

async function load({ id, ...size }: v.InferOutput<typeof DrawAlert>, { org }: TenantContext, { store, clock }: Deps) {
  const tenant = store.forOrg(org);
  const alert = await tenant.alerts.get(id);
  if (alert === null) throw notFound();
  const chart = await loadAlertChart(tenant, alert, clock.now());
  if (chart === null) throw new Problem("not-found", "The alert is of no series: there is nothing to draw.");
  return { chart, size: size satisfies ChartSize };
}
