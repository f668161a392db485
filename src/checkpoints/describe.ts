/** @file Numbers and long lists of tensor names as people read them. */

/** A whole number with commas: 5,170,380,866. */
export const countText = (count: number): string => count.toLocaleString('en-US');

/** Bytes in decimal units: "5.17 GB". */
export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let [value, unit] = [bytes, 0];
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${unit === 0 ? value : value.toPrecision(3)} ${units[unit]}`;
}

/** Names that differ in their numbers alone become one line: `layers.{0…27}.norm.weight (28 tensors)`. At most `most` lines. */
export function nameGroups(names: readonly string[], most = 8): string[] {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const key = name.replaceAll(/\.\d+(?=\.)/g, '.{}');
    groups.set(key, [...(groups.get(key) ?? []), name]);
  }
  const lines = [...groups].map(([key, members]) => {
    if (members.length === 1) return members[0]!;
    const numbers = members.map((name) => Number(/\.(\d+)(?=\.)/.exec(name)?.[1]));
    const range = `{${Math.min(...numbers)}…${Math.max(...numbers)}}`;
    return `${key.replace('{}', range)} (${members.length} tensors)`;
  });
  return lines.length <= most ? lines : [...lines.slice(0, most), `and ${lines.length - most} more kinds of name`];
}
