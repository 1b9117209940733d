import { Problem } from "../contract/problem.ts";
import type { Forecaster, Forecasters } from "../ports/forecasters.ts";

/**
 * The backends of a process, found by their names and aliases; `auto` is the first of them.
 * @throws Problem backend-unavailable from `pick`, when the backend is not among them or not configured.
 */
export function createForecasters(forecasters: readonly [Forecaster, ...Forecaster[]]): Forecasters {
  const [preferred] = forecasters;
  return {
    list: () => forecasters.map(({ about }) => (about === preferred.about ? { ...about, aliases: ["auto", ...about.aliases] } : about)),
    pick(backend) {
      const found =
        backend === "auto" ? preferred : forecasters.find(({ about }) => about.name === backend || about.aliases.includes(backend));
      if (found === undefined || !found.about.available) {
        throw new Problem(
          "backend-unavailable",
          `The backend ${backend} is not configured here. GET /api/v1/forecast-backends lists those that are.`,
        );
      }
      return found;
    },
  };
}
