/** @file Keeps a model's arena small: `nconmax`/`njmax` of old files make MuJoCo allocate gigabytes. */

const SIZE_ELEMENT = /<size\b([^>]*?)(\/?)>/g;

/**
 * Replaces `nconmax` and `njmax` (robosuite writes 5000 each, a 1.3 GB arena) by a memory size, for example "64M".
 * Text without them comes back unchanged.
 */
export function limitArena(xml: string, memory: string): string {
  return xml.replace(SIZE_ELEMENT, (element, attributes: string, slash: string) => {
    if (!/\b(nconmax|njmax|nstack)\s*=/.test(attributes)) return element;
    // Line breaks stay, so that errors name the lines of the text as it came.
    const kept = attributes.replace(/\s*\b(nconmax|njmax|nstack|memory)\s*=\s*("[^"]*"|'[^']*')/g, (removed) =>
      removed.replaceAll(/[^\n]/g, ''),
    );
    return `<size memory="${memory}"${kept}${slash}>`;
  });
}
