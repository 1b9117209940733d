import { distribution } from "./distribution.ts";
import { flatline } from "./flatline.ts";
import { levelShift } from "./level-shift.ts";
import { logNovelty } from "./log-novelty.ts";
import type { Method } from "./method.ts";
import { noData } from "./no-data.ts";
import { residual, seasonalResidual } from "./residual.ts";
import { valueNovelty } from "./value-novelty.ts";
import { volatility } from "./volatility.ts";

/** Every method of the ensemble, in the order of their states. A new one is a file and a line here, and the tables derived again. */
export const METHODS: readonly Method<unknown>[] = [
  valueNovelty,
  logNovelty,
  residual,
  seasonalResidual,
  levelShift,
  volatility,
  distribution,
  flatline,
  noData,
];
