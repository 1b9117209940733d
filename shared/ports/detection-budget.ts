// Times are Unix ms.

/** How many episodes people want to be told of in 24 hours; null: of all of them. */
export interface StoredBudget {
  readonly anomaliesPerDay: number | null;
  /** Grows with each pass that has looked at it: two at the same time cannot both tell. */
  readonly version: number;
}

export interface DetectionBudgetStore {
  get(): Promise<StoredBudget>;
  /** @returns False where it is not any more what it was. */
  replace(anomaliesPerDay: number | null, was: number | null): Promise<boolean>;
  /** How rare the episodes were that people were told of after a time, in days per false alarm: ascending, the rarest `limit` of them. */
  told(window: { after: number; limit: number }): Promise<readonly number[]>;
}
