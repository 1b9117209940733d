import type { Charts } from "../ports/charts.ts";

/** Draws charts with what is loaded when the first is asked for: few processes ever draw one. */
export const createCharts = ({ onFailure }: { readonly onFailure: (error: unknown) => void }): Charts => ({
  svg: async (chart, size) => (await import("./chart-svg.ts")).chartSvg(chart, size),
  async png(chart, size) {
    const [{ chartSvg }, { svgToPng }] = await Promise.all([import("./chart-svg.ts"), import("./chart-png.ts")]);
    return svgToPng(chartSvg(chart, size));
  },
  leftOut: onFailure,
});
