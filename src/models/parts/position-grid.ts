/** @file A square table of positions over an image: bilinear resampling to another grid, and sinusoids to start it with. */

/**
 * Weights that read a side × side table at the places of patches in an image of `size` [rows, columns] patches, row-major
 * [places, side²]: bilinear. With `corners` the corner patches of image and table coincide (Qwen3-VL); with `pixel-centres`
 * both cover the same area and patches stand at the centres of their cells (PyTorch's interpolate).
 */
export function resampleGrid(
  places: { readonly rows: readonly number[]; readonly columns: readonly number[] },
  size: readonly [rows: number, columns: number],
  side: number,
  align: 'corners' | 'pixel-centres' = 'corners',
): Float32Array {
  const taps = (place: number, count: number): readonly (readonly [index: number, weight: number])[] => {
    const corners = count === 1 ? 0 : (place * (side - 1)) / (count - 1);
    const at = align === 'corners' ? corners : Math.max(0, ((place + 0.5) * side) / count - 0.5);
    const low = Math.min(Math.floor(at), side - 1);
    const high = Math.min(low + 1, side - 1);
    return [
      [low, 1 - (at - low)],
      [high, at - low],
    ];
  };
  const matrix = new Float32Array(places.rows.length * side ** 2);
  places.rows.forEach((row, i) => {
    for (const [y, wy] of taps(row, size[0])) {
      for (const [x, wx] of taps(places.columns[i]!, size[1])) matrix[i * side ** 2 + y * side + x]! += wy * wx;
    }
  });
  return matrix;
}

/**
 * Element `index` of a [side², width] table of sines and cosines of row and column in four equal parts, at frequencies from
 * half a turn over the image to 8 turns.
 */
export function imageSinusoids(side: number, width: number, amplitude: number): (index: number) => number {
  const part = width / 4;
  return (index) => {
    const place = Math.floor(index / width);
    const feature = index % width;
    const at = (feature < 2 * part ? Math.floor(place / side) : place % side) / side;
    const angle = Math.PI * at * 2 ** (((feature % part) * 4) / part);
    return amplitude * (Math.floor(feature / part) % 2 === 0 ? Math.sin(angle) : Math.cos(angle));
  };
}
