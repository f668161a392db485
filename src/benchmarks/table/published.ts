/** @file Numbers that others have published, as data: who, what, and where it is written. */

/** Where numbers are written. */
export interface Source {
  /** As a table cites it, for example "ZR-0, table 1". */
  readonly short: string;
  /** In full, with an address where there is one. */
  readonly reference: string;
}

/** One row, as printed there. */
export interface PublishedRow {
  readonly method: string;
  /** Success rates in per cent, one per column; null: not reported. */
  readonly percent: readonly (number | null)[];
  readonly source: Source;
  /** What to know before comparing. */
  readonly note?: string;
}

/** What one table of the papers holds. */
export interface PublishedTable {
  readonly columns: readonly {
    readonly title: string;
    /** The benchmark whose rate it is; null: the mean of the others. */
    readonly benchmark: string | null;
  }[];
  readonly rows: readonly PublishedRow[];
}
