/** @file A small XML tree that can be changed and written: what robosuite does to MJCF needs elements and attributes, no text. */

import { parseXml, XmlElement } from '@rgrove/parse-xml';
import { VlaError } from '../../base/errors.ts';

/** An element. Text, comments and processing instructions are dropped: MJCF has no use for them. */
export interface XmlNode {
  readonly tag: string;
  readonly attributes: Map<string, string>;
  readonly children: XmlNode[];
}

/** A new element without children. */
export function xmlNode(tag: string, attributes: Readonly<Record<string, string>> = {}): XmlNode {
  return { tag, attributes: new Map(Object.entries(attributes)), children: [] };
}

/** The root of a document; text that is no XML is `bad-data` and names `where`. */
export function readXml(text: string, where: string): XmlNode {
  let root;
  try {
    root = parseXml(text).root;
  } catch (cause) {
    const [line] = (cause instanceof Error ? cause.message : String(cause)).split('\n');
    throw new VlaError('bad-data', `${where}: expected XML, got: ${line}`, {
      cause,
      hint: 'Fetch the file again; it may be cut short.',
    });
  }
  if (root !== null) return nodeOf(root);
  throw new VlaError('bad-data', `${where}: expected an XML element, got none.`, { hint: 'Fetch the file again.' });
}

/** The document, one element per line, indented by its depth. */
export function writeXml(root: XmlNode, depth = 0): string {
  const indent = '  '.repeat(depth);
  const attributes = [...root.attributes].map(([name, value]) => ` ${name}="${escaped(value)}"`).join('');
  if (root.children.length === 0) return `${indent}<${root.tag}${attributes}/>\n`;
  const inner = root.children.map((child) => writeXml(child, depth + 1)).join('');
  return `${indent}<${root.tag}${attributes}>\n${inner}${indent}</${root.tag}>\n`;
}

/** A copy of the element and all below it. */
export function copyXml(node: XmlNode): XmlNode {
  return { tag: node.tag, attributes: new Map(node.attributes), children: node.children.map(copyXml) };
}

/** The element and all below it, in document order. */
export function* elementsOf(root: XmlNode, tag?: string): Generator<XmlNode> {
  if (tag === undefined || root.tag === tag) yield root;
  for (const child of root.children) yield* elementsOf(child, tag);
}

/** The first child with this tag and, where one is given, this name. */
export function childOf(parent: XmlNode, tag: string, name?: string): XmlNode | undefined {
  return parent.children.find(
    (child) => child.tag === tag && (name === undefined || child.attributes.get('name') === name),
  );
}

/** Sets attributes; numbers are written shortest, with single spaces between them. */
export function setAttributes(node: XmlNode, values: Readonly<Record<string, string | readonly number[]>>): void {
  for (const [name, value] of Object.entries(values)) {
    node.attributes.set(name, typeof value === 'string' ? value : value.join(' '));
  }
}

/** The numbers of an attribute; `fallback` where it is missing. */
export function numbersOf(node: XmlNode, name: string, fallback: readonly number[] = []): number[] {
  const text = node.attributes.get(name);
  return text === undefined ? [...fallback] : text.trim().split(/\s+/).map(Number);
}

function nodeOf(element: XmlElement): XmlNode {
  return {
    tag: element.name,
    attributes: new Map(Object.entries(element.attributes)),
    children: element.children.filter((child) => child instanceof XmlElement).map(nodeOf),
  };
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
