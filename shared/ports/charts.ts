import type { AlertChart } from "../core/message/alert-chart.ts";

/** In CSS pixels. */
export interface ChartSize {
  readonly width: number;
  readonly height: number;
}

/** As wide as a phone shows whole, and no letter smaller than can be read there. */
export const CHART_SIZE: ChartSize = { width: 480, height: 270 };

/** Draws charts. What draws them is loaded with the first one. */
export interface Charts {
  svg(chart: AlertChart, size: ChartSize): Promise<string>;
  /** Two pixels for each CSS pixel. */
  png(chart: AlertChart, size: ChartSize): Promise<Uint8Array>;
  /** Says in the log that a message goes without its chart, and why. */
  leftOut(error: unknown): void;
}
