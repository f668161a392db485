/** @file A cache bounded by bytes: the entries used longest ago go first. */

interface Entry<T> {
  readonly value: Promise<T>;
  bytes: number;
}

/** A cache of promised values whose sizes together stay within a limit in bytes. */
export class ByteBudget<T> {
  private readonly entries = new Map<string, Entry<T>>();
  private readonly limit: number;
  private used = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** The cached value of `key`, or what `make` gives (with its size); concurrent calls share one `make`. */
  get(key: string, make: () => Promise<{ value: T; bytes: number }>): Promise<T> {
    const found = this.entries.get(key);
    if (found !== undefined) {
      // A map keeps insertion order: putting the entry back makes it the youngest.
      this.entries.delete(key);
      this.entries.set(key, found);
      return found.value;
    }
    const entry: Entry<T> = {
      bytes: 0,
      value: make().then(
        ({ value, bytes }) => {
          entry.bytes = bytes;
          this.used += bytes;
          this.shrink(key);
          return value;
        },
        (error: unknown) => {
          this.entries.delete(key);
          throw error;
        },
      ),
    };
    this.entries.set(key, entry);
    return entry.value;
  }

  /** Bytes held now. */
  get bytes(): number {
    return this.used;
  }

  private shrink(keep: string): void {
    for (const [key, entry] of this.entries) {
      if (this.used <= this.limit) return;
      if (key === keep || entry.bytes === 0) continue;
      this.entries.delete(key);
      this.used -= entry.bytes;
    }
  }
}
