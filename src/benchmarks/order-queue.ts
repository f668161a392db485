/** @file Who plays what next: episodes of one group stay with one worker while there is enough to do for all. */

/** Hands out the places of a list, each once. */
export class OrderQueue {
  private readonly left = new Map<string, number[]>();
  private readonly claimed = new Set<string>();
  private readonly current = new Map<number, string>();

  /** The group of each place; groups begin in the order in which they occur. */
  constructor(groups: readonly string[]) {
    for (const [index, group] of groups.entries()) {
      const places = this.left.get(group);
      if (places === undefined) this.left.set(group, [index]);
      else places.push(index);
    }
  }

  /** The next place for `worker`: of its group, of one that nobody has, or of the one with the most left; null when all are handed out. */
  next(worker: number): number | null {
    const own = this.current.get(worker);
    const group = own !== undefined && this.left.has(own) ? own : (this.unclaimed() ?? this.longest());
    if (group === null) return null;
    this.claimed.add(group);
    this.current.set(worker, group);
    const places = this.left.get(group)!;
    const index = places.shift()!;
    if (places.length === 0) this.left.delete(group);
    return index;
  }

  private unclaimed(): string | null {
    for (const group of this.left.keys()) if (!this.claimed.has(group)) return group;
    return null;
  }

  private longest(): string | null {
    let best: string | null = null;
    for (const [group, { length }] of this.left) {
      if (best === null || length > this.left.get(best)!.length) best = group;
    }
    return best;
  }
}
