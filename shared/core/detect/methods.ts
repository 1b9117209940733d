import type { Method } from "./method.ts";
import { residual } from "./residual.ts";
import { valueNovelty } from "./value-novelty.ts";

/** Every method of the ensemble, in the order of their states. A new one is a file and a line here, and the tables derived again. */
export const METHODS: readonly Method<unknown>[] = [valueNovelty, residual];
