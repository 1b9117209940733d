import { mstl } from "../../shared/core/forecast/mstl.ts";
import { forecastNative } from "../../shared/core/forecast/native.ts";
import { meanOf, median, ownCpuSeconds } from "../measure.ts";
import { row } from "../report.ts";
import type { Benchmark, Row } from "../report.ts";
import { DATA_MISSING, GROUPS, isThere, readGroup } from "./data.ts";
import type { Group, GroupName } from "./data.ts";
import { score } from "./score.ts";
import type { Scored, Scores } from "./score.ts";
import { startStatsForecastBench } from "./statsforecast.ts";
import type { StatsForecastBench } from "./statsforecast.ts";

const HOUR_MS = 3_600_000;
/** The last point of every history: Sunday's last hour, wherever the series come from. */
const LAST = Date.UTC(2026, 0, 4, 23);
const REPEATS = 25;
/** Series that StatsForecast forecasts too, of these groups: all of them would take it an hour. */
const SAMPLE = 20;
const COMPARED: readonly GroupName[] = ["hourly", "weekly", "nn5daily"];

export const accuracy: Benchmark = {
  name: "accuracy",
  about: "Forecasts of the native engine in one configuration for series of M4, NN5 and NAB, scored as M4 was; and what they cost",

  async run(say) {
    if (!isThere()) {
      say(DATA_MISSING);
      return [];
    }
    const scored = new Map<GroupName, { scores: Scores; cpuMs: number }>();
    for (const name of GROUPS) {
      say(`The series of ${name} are forecast.`);
      const group = await readGroup(name);
      const before = ownCpuSeconds();
      const forecasts = group.series.map(({ train }) => forecastOne(train, group));
      scored.set(name, { scores: score(group, forecasts), cpuMs: (1_000 * (ownCpuSeconds() - before)) / group.series.length });
    }
    say("What a forecast costs is measured.");
    const rows = rowsOf(scored);
    const statsForecast = await startStatsForecastBench();
    if (statsForecast === null) {
      say("StatsForecast is not set up, and its rows are left out: npm run statsforecast:setup");
      return rows;
    }
    try {
      for (const name of COMPARED) {
        say(`StatsForecast forecasts ${SAMPLE} series of ${name}.`);
        rows.push(...(await compare(sampleOf(await readGroup(name)), statsForecast)));
      }
    } finally {
      await statsForecast.stop();
    }
    return rows;
  },
};

function rowsOf(scored: ReadonlyMap<GroupName, { readonly scores: Scores; readonly cpuMs: number }>): Row[] {
  const of = (name: GroupName): Scores => scored.get(name)!.scores;
  const all = [...scored.values()].map(({ scores }) => scores);
  const by = (name: string, value: number) => ({ name, value });
  return [
    row("M4 Hourly, OWA", of("hourly").owa, "", { anchor: by("best entry of M4", 0.41), bar: 0.39 }),
    row("M4 Hourly, MSIS", of("hourly").msis, "", { anchor: by("best entry of M4", 6.139), bar: 6.1 }),
    row("M4 Weekly, OWA", of("weekly").owa, "", { anchor: by("best entry of M4", 0.739), bar: 0.76 }),
    row("NN5 daily, OWA", of("nn5daily").owa, "", { anchor: by("R's ets", 0.696), bar: 0.7 }),
    row("Servers each 5 m, error by seasonal naive's", of("ops5m").relativeMase, "", { anchor: by("R's stlf", 1.42), bar: 0.7 }),
    row("Servers each 1 h, error by seasonal naive's", of("ops1h").relativeMase, "", { anchor: by("R's stlf", 0.947), bar: 0.75 }),
    row("Inside of 95% intervals, all series", meanOf(all.flatMap(({ inside95 }) => inside95)), "", { bar: [0.93, 0.97] }),
    row("Inside of 80% intervals, all series", meanOf(all.flatMap(({ inside80 }) => inside80)), "", { bar: [0.77, 0.85] }),
    costRow(1_000, 48, 16),
    costRow(4_000, 720, 50),
    ...[...scored].flatMap(([name, { scores, cpuMs }]) => [
      row(`${name}: inside of 95% intervals`, meanOf(scores.inside95), "", { bar: [0.9, 0.985] }),
      row(`${name}: inside of 80% intervals`, meanOf(scores.inside80), "", { bar: [0.72, 0.9] }),
      row(`${name}: CPU a series`, cpuMs, "ms"),
    ]),
  ];
}

/** So many series, all over the group. */
const sampleOf = (group: Group): Group => ({
  ...group,
  series: Array.from({ length: SAMPLE }, (_, i) => group.series[Math.floor((i * group.series.length) / SAMPLE)]!),
});

/** Ours beside each of StatsForecast's models on the same series: the best of those is the anchor. */
async function compare(group: Group, statsForecast: StatsForecastBench): Promise<Row[]> {
  const { name, horizon, frequencyMs, series } = group;
  const before = ownCpuSeconds();
  const ours = score(
    group,
    series.map(({ train }) => forecastOne(train, group)),
  );
  const cpuMs = (1_000 * (ownCpuSeconds() - before)) / SAMPLE;
  const inputs = series.map(({ train }) => ({ values: Array.from(train, (value) => (Number.isNaN(value) ? null : value)), frequencyMs }));
  const made = await statsForecast.forecastEach(inputs, { horizon, levels: [80, 95] });
  const theirs = [...made].map(([model, forecasts]) => ({
    model,
    owa: score(
      group,
      forecasts.map(({ mean, intervals: [of80, of95] }) => ({
        mean: Float64Array.from(mean),
        lo80: Float64Array.from(of80!.lo),
        hi80: Float64Array.from(of80!.hi),
        lo95: Float64Array.from(of95!.lo),
        hi95: Float64Array.from(of95!.hi),
      })),
    ).owa,
    cpuMs: meanOf(forecasts.map((one) => one.cpuMs)),
  }));
  const [best] = theirs.toSorted((a, b) => a.owa - b.owa);
  const by = `StatsForecast's ${best!.model}, the best of ${theirs.length}`;
  return [
    row(`${name}: OWA of ${SAMPLE} series`, ours.owa, "", { anchor: { name: by, value: best!.owa } }),
    row(`${name}: CPU a series, of those`, cpuMs, "ms", { anchor: { name: by, value: best!.cpuMs } }),
  ];
}

function forecastOne(train: Float64Array, { horizon, frequencyMs }: Pick<Group, "horizon" | "frequencyMs">): Scored {
  const timestamps = train.map((_, i) => LAST - (train.length - 1 - i) * frequencyMs);
  const made = forecastNative({ timestamps, values: train }, { horizon, levels: [80, 95], frequencyMs });
  if (!made.ok) throw new Error("A series of the benchmark is too short");
  const [of80, of95] = made.value.intervals;
  return { mean: made.value.mean, lo80: of80!.lo, hi80: of80!.hi, lo95: of95!.lo, hi95: of95!.hi };
}

/** A forecast of an hourly series of n points, beside taking it apart once. */
function costRow(n: number, horizon: number, bar: number): Row {
  let noise = 1;
  const y = Float64Array.from({ length: n }, (_, t) => {
    noise = (noise * 48_271) % 2_147_483_647;
    return 50 + 10 * Math.sin((2 * Math.PI * t) / 24) + (Math.floor(t / 24) % 7 > 4 ? -8 : 0) + (6 * noise) / 2_147_483_647;
  });
  const cpuMsOf = (work: () => unknown): number =>
    median(
      Array.from({ length: REPEATS }, () => {
        const before = ownCpuSeconds();
        work();
        return 1_000 * (ownCpuSeconds() - before);
      }),
    );
  const forecast = (): Scored => forecastOne(y, { horizon, frequencyMs: HOUR_MS });
  forecast();
  const apart = cpuMsOf(() => mstl(y, [24, 168]));
  const times = cpuMsOf(forecast) / apart;
  return row(`A forecast of ${n} points, ${horizon} ahead`, times, `× MSTL (${apart.toPrecision(3)} ms)`, { bar });
}
