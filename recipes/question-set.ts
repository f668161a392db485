/** @file Which questions about pictures of the tabletop are made, as plain data. */

/** What decides about the data, beside their number. */
export interface SetSettings {
  readonly seed: number;
  /** Kinds or topics; null = all. */
  readonly kinds: readonly string[] | null;
  /** Null = all. */
  readonly tasks: readonly string[] | null;
  readonly imageSize: number;
  /** Whether the wrist camera's picture is added. */
  readonly wrist: boolean;
  readonly samplesPerPicture: number;
}
