import type { SeriesKind } from "../../contract/series.ts";
import {
  BYTES,
  FIXED64,
  MalformedWire,
  MAX_PARTS,
  openWire,
  readBytes,
  readDouble,
  readInt64,
  readKey,
  readText,
  readVarint,
  skipField,
  TooManyParts,
  VARINT,
  within,
} from "./wire.ts";
import type { Wire } from "./wire.ts";

/** The samples of a write request in columns; stale markers are left out. */
export interface Samples {
  /** Samples of each series, shape (s,). */
  readonly counts: readonly number[];
  /** Unix ms, series after series, shape (n,). */
  readonly timestamps: readonly number[];
  readonly values: readonly number[];
  /** Native histograms of each series, shape (s,): they are counted, not read. */
  readonly histograms: readonly number[];
}

/** A request of remote_write 1.0. */
export interface WriteRequest extends Samples {
  /** What names each series, as it was encoded, shape (s,): readLabels reads it. The same series mostly comes as the same bytes again. */
  readonly labels: readonly Uint8Array[];
  readonly metadata: readonly MetricMetadata[];
}

/** A request of remote_write 2.0. */
export interface WriteRequest2 extends Samples {
  readonly labels: readonly Labels[];
  /** Of each series, shape (s,). */
  readonly metadata: readonly Omit<MetricMetadata, "family">[];
}

/** Names and values, in the order they came. */
export type Labels = readonly (readonly [name: string, value: string])[];

export interface MetricMetadata {
  /** The metric's name, without what the series of a histogram, a summary or a counter may add to it. */
  readonly family: string;
  readonly type: MetricType | undefined;
  /** Empty where there is none. */
  readonly unit: string;
}

/** As both versions number them, from 1 on. */
const METRIC_TYPES = ["counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset"] as const;
export type MetricType = (typeof METRIC_TYPES)[number];

/** The series of a metric that count up, by what they add to its name; all others go up and down. */
const COUNTING: Readonly<Partial<Record<MetricType, readonly string[]>>> = {
  counter: ["", "_total"],
  histogram: ["_bucket", "_count", "_sum"],
  summary: ["_count", "_sum"],
};

/** The names of a metric's series, each with what its values mean. */
export function namesOfFamily({ family, type }: Pick<MetricMetadata, "family" | "type">): readonly { name: string; kind: SeriesKind }[] {
  if (type === undefined) return [];
  const counting = (COUNTING[type] ?? []).map((suffix) => ({ name: family + suffix, kind: "counter" as const }));
  return type === "counter" || type === "histogram" ? counting : [...counting, { name: family, kind: "gauge" }];
}

/** What the values of one series of a metric mean. */
export function kindOf(type: MetricType | undefined, name: string): SeriesKind | undefined {
  if (type === undefined) return undefined;
  return COUNTING[type]?.some((suffix) => name.endsWith(suffix)) ? "counter" : "gauge";
}

/** A request may tell of so many metrics what they are: each is looked for in the store. */
const MAX_METADATA = 20_000;

/**
 * Reads a WriteRequest, decompressed.
 * @throws MalformedWire when it is none; TooManyParts.
 * @see https://prometheus.io/docs/specs/prw/remote_write_spec/
 */
export function readWriteRequest(bytes: Uint8Array): WriteRequest {
  const request = { ...noSamples(), labels: [] as Uint8Array[], metadata: [] as MetricMetadata[] };
  const wire = openWire(bytes);
  while (wire.at < wire.end) {
    const key = readKey(wire);
    if (key === TIME_SERIES) within(wire, () => request.labels.push(readTimeSeries(wire, request)));
    else if (key === METADATA) {
      if (request.metadata.length === MAX_METADATA)
        throw new TooManyParts(`The request has the metadata of more than ${MAX_METADATA} metrics`);
      within(wire, () => request.metadata.push(readMetadata(wire)));
    } else skipField(wire, key);
  }
  return request;
}

const field = (number: number, type: number): number => (number << 3) | type;
const [TIME_SERIES, METADATA] = [field(1, BYTES), field(3, BYTES)];
const [LABEL, SAMPLE, HISTOGRAM] = [field(1, BYTES), field(2, BYTES), field(4, BYTES)];
const [NAME, VALUE] = [field(1, BYTES), field(2, BYTES)];
const [SAMPLE_VALUE, SAMPLE_TIME] = [field(1, FIXED64), field(2, VARINT)];

interface GrowingSamples {
  readonly counts: number[];
  readonly timestamps: number[];
  readonly values: number[];
  readonly histograms: number[];
  /** Series, labels, samples and symbols that may still come. */
  partsLeft: number;
}
const noSamples = (): GrowingSamples => ({ counts: [], timestamps: [], values: [], histograms: [], partsLeft: MAX_PARTS });

function count(samples: GrowingSamples): void {
  if (--samples.partsLeft < 0) throw new TooManyParts(`The request has more than ${MAX_PARTS} series, labels and samples`);
}

/** @returns The labels, encoded. */
function readTimeSeries(wire: Wire, samples: GrowingSamples): Uint8Array {
  const { counts, timestamps, histograms } = samples;
  const { bytes } = wire;
  count(samples);
  const before = timestamps.length;
  const parts: Uint8Array[] = [];
  let [from, to, natives] = [wire.at, wire.at, 0];
  while (wire.at < wire.end) {
    const start = wire.at;
    const key = readKey(wire);
    if (key === LABEL) {
      count(samples);
      readBytes(wire);
      if (start !== to) {
        // Labels stand together, before all else, as a rule.
        parts.push(bytes.subarray(from, to));
        from = start;
      }
      to = wire.at;
    } else if (key === SAMPLE) readSample(wire, samples);
    else {
      if (key === HISTOGRAM) natives += 1;
      skipField(wire, key);
    }
  }
  counts.push(timestamps.length - before);
  histograms.push(natives);
  const last = bytes.subarray(from, to);
  return parts.length === 0 ? last : Buffer.concat([...parts, last]);
}

const [STALE_HIGH, STALE_LOW] = [0x7ff0_0000, 2];

function readSample(wire: Wire, samples: GrowingSamples): void {
  count(samples);
  const from = readBytes(wire);
  const { at: to, end } = wire;
  wire.at = from;
  wire.end = to;
  let [value, timestamp, stale] = [0, 0, false];
  while (wire.at < to) {
    const key = readKey(wire);
    if (key === SAMPLE_VALUE) {
      const { at, view } = wire;
      value = readDouble(wire);
      stale = value !== value && view.getUint32(at + 4, true) === STALE_HIGH && view.getUint32(at, true) === STALE_LOW;
    } else if (key === SAMPLE_TIME) timestamp = readInt64(wire);
    else skipField(wire, key);
  }
  wire.end = end;
  if (stale) return;
  samples.values.push(value);
  samples.timestamps.push(timestamp);
}

/** Reads the labels of a series in a WriteRequest. @throws MalformedWire. */
export function readLabels(labels: Uint8Array): Labels {
  const read: [string, string][] = [];
  const wire = openWire(labels);
  while (wire.at < wire.end) {
    readKey(wire);
    const label: [string, string] = ["", ""];
    within(wire, () => {
      while (wire.at < wire.end) {
        const key = readKey(wire);
        if (key === NAME) label[0] = readText(wire);
        else if (key === VALUE) label[1] = readText(wire);
        else skipField(wire, key);
      }
    });
    read.push(label);
  }
  return read;
}

const [METADATA_TYPE, METADATA_FAMILY, METADATA_UNIT] = [field(1, VARINT), field(2, BYTES), field(5, BYTES)];

function readMetadata(wire: Wire): MetricMetadata {
  let [type, family, unit] = [0, "", ""];
  while (wire.at < wire.end) {
    const key = readKey(wire);
    if (key === METADATA_TYPE) type = readVarint(wire);
    else if (key === METADATA_FAMILY) family = readText(wire);
    else if (key === METADATA_UNIT) unit = readText(wire);
    else skipField(wire, key);
  }
  return { family, type: METRIC_TYPES[type - 1], unit };
}

const [SYMBOLS, TIME_SERIES_2] = [field(4, BYTES), field(5, BYTES)];
const [LABEL_REFS, LABEL_REF, SAMPLE_2, HISTOGRAM_2, METADATA_2] = [
  field(1, BYTES),
  field(1, VARINT),
  field(2, BYTES),
  field(3, BYTES),
  field(5, BYTES),
];
const [METADATA_2_TYPE, METADATA_2_UNIT] = [field(1, VARINT), field(4, VARINT)];

/**
 * Reads an io.prometheus.write.v2.Request, decompressed.
 * @throws MalformedWire when it is none, or when a label refers to no symbol; TooManyParts.
 * @see https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/
 */
export function readWriteRequest2(bytes: Uint8Array): WriteRequest2 {
  const samples = noSamples();
  const symbols: string[] = [];
  const refs: number[][] = [];
  const series: { type: number; unit: number }[] = [];
  const wire = openWire(bytes);
  while (wire.at < wire.end) {
    const key = readKey(wire);
    if (key === SYMBOLS) {
      count(samples);
      symbols.push(readText(wire));
    } else if (key === TIME_SERIES_2) within(wire, () => series.push(readTimeSeries2(wire, samples, refs)));
    else skipField(wire, key);
  }
  const symbol = (ref: number): string => {
    const text = symbols[ref];
    if (text === undefined) throw new MalformedWire("A label refers to a symbol that is not there");
    return text;
  };
  return {
    ...samples,
    labels: refs.map((own) => {
      if (own.length % 2 !== 0) throw new MalformedWire("A label has a name and no value");
      return Array.from({ length: own.length / 2 }, (_, row) => [symbol(own[2 * row]!), symbol(own[2 * row + 1]!)] as const);
    }),
    metadata: series.map(({ type, unit }) => ({ type: METRIC_TYPES[type - 1], unit: unit === 0 ? "" : symbol(unit) })),
  };
}

function readTimeSeries2(wire: Wire, samples: GrowingSamples, refs: number[][]): { type: number; unit: number } {
  const { counts, timestamps, histograms } = samples;
  count(samples);
  const before = timestamps.length;
  const own: number[] = [];
  const addRef = (): void => {
    count(samples);
    own.push(readVarint(wire));
  };
  const metadata = { type: 0, unit: 0 };
  let natives = 0;
  while (wire.at < wire.end) {
    const key = readKey(wire);
    if (key === LABEL_REFS) {
      within(wire, () => {
        while (wire.at < wire.end) addRef();
      });
    } else if (key === LABEL_REF) addRef();
    else if (key === SAMPLE_2) readSample(wire, samples);
    else if (key === METADATA_2) within(wire, () => readMetadata2(wire, metadata));
    else {
      if (key === HISTOGRAM_2) natives += 1;
      skipField(wire, key);
    }
  }
  refs.push(own);
  counts.push(timestamps.length - before);
  histograms.push(natives);
  return metadata;
}

function readMetadata2(wire: Wire, metadata: { type: number; unit: number }): void {
  while (wire.at < wire.end) {
    const key = readKey(wire);
    if (key === METADATA_2_TYPE) metadata.type = readVarint(wire);
    else if (key === METADATA_2_UNIT) metadata.unit = readVarint(wire);
    else skipField(wire, key);
  }
}
