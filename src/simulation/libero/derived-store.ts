/** @file Where results of slow computations on LIBERO's files may be kept between runs: whoever opens LIBERO may hand such a place in. */

/** What a result was made of: any change of it is another result. */
export interface DerivedKey {
  /** What it is, for example "look". */
  readonly kind: string;
  /** Raised when the code that makes it changes what it makes. */
  readonly version: number;
  /** Texts, numbers, and the bytes of files. */
  readonly inputs: readonly (string | number | Uint8Array)[];
}

/** Keeps bytes. */
export interface DerivedStore {
  /** The bytes that `make` gave for this key at some time, or gives now. The caller does not change them. */
  get(key: DerivedKey, make: () => Uint8Array): Uint8Array;
}
