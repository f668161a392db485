/** @file Where LIBERO's files come from: a folder on disk, a cache, or what a page has fetched. */

/**
 * LIBERO's and robosuite's files in their own trees, read only. Paths have forward slashes, start with `LIBERO/libero/libero/` (`assets`,
 * `bddl_files`, `init_files`) or `robosuite/robosuite/models/assets/`, and are normal: no `.` or `..` in them.
 */
export interface LiberoFiles {
  /** The bytes of a file; `not-found` names it and says how it is fetched. The caller does not change them. */
  read(path: string): Uint8Array;
  has(path: string): boolean;
}
