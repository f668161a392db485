/** @file Robot descriptions in XML: elements, and the numbers in their attributes. */

import { parseXml, XmlElement } from '@rgrove/parse-xml';
import { VlaError } from '../../../base/errors.ts';

const HINT = 'Check the file with the tools of its format, or write limits.json by hand.';

/** The root of the document, which must be called `root`. `where` begins what errors say. */
export function parseRobotXml(text: string, root: string, where: string): XmlElement {
  let document;
  try {
    document = parseXml(text);
  } catch (cause) {
    const [line] = (cause instanceof Error ? cause.message : String(cause)).split('\n');
    throw new VlaError('bad-data', `${where}: expected XML, got: ${line}`, { cause, hint: HINT });
  }
  if (document.root?.name === root) return document.root;
  throw new VlaError('bad-data', `${where}: expected <${root}>, got <${document.root?.name ?? ''}>.`, { hint: HINT });
}

/** The children that are elements, of this name where one is given. */
export function childElements(parent: XmlElement, name?: string): XmlElement[] {
  return parent.children.filter(
    (node): node is XmlElement => node instanceof XmlElement && (name === undefined || node.name === name),
  );
}

/** The first child of this name. */
export function childElement(parent: XmlElement, name: string): XmlElement | undefined {
  return childElements(parent, name)[0];
}

/** `count` finite numbers of an attribute's text, or null where it is missing; anything else is `bad-data`. */
export function numbersOf(text: string | undefined, count: number, where: string): number[] | null {
  if (text === undefined) return null;
  const numbers = text.trim().split(/\s+/).map(Number);
  if (numbers.length === count && numbers.every(Number.isFinite)) return numbers;
  throw new VlaError(
    'bad-data',
    `${where}: expected ${count === 1 ? 'a number' : `${count} numbers`}, got "${text}".`,
    {
      hint: HINT,
    },
  );
}
