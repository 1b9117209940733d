import type { OrgId, SeriesId } from "../../contract/ids.ts";
import type { Dimensions } from "../../contract/series.ts";
import { canonicalJson, hashId } from "../hash-id.ts";

/** Dimensions as canonical JSON: what the store keeps and what the id is made of. */
export const canonicalDimensions = (dimensions: Dimensions): string => canonicalJson(dimensions);

/**
 * The id of a series, which every writer computes alike.
 * @param dimensions - Canonical JSON of the dimensions.
 */
export const seriesId = (org: OrgId, metricKey: string, dimensions: string): SeriesId =>
  hashId<SeriesId>("ser", [org, metricKey, dimensions]);
