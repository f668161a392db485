/**
 * @file BDDL problems as LIBERO reads them (libero/envs/bddl_utils.py at 8f1084e): objects by category, regions by target and
 * name, propositions. Everything is in lower case.
 */

import { shown, readExpression, unexpected } from './s-expression.ts';
import type { Expression, List } from './s-expression.ts';
import type { Proposition } from './task-model.ts';

/** A named part of something that others are put on or in. */
export interface Region {
  /** The object that it belongs to. */
  readonly target: string;
  /** Rectangles [x0, y0, x1, y1], metres, relative to the workspace; none: the target's own site of that name. */
  readonly ranges: readonly Rectangle[];
  /** Radians about z. */
  readonly yaw: readonly [low: number, high: number];
  readonly rgba: readonly number[];
}

/** Metres, in the surface. */
export type Rectangle = readonly [x0: number, y0: number, x1: number, y1: number];

/** A BDDL problem. Tables keep the order of the file. */
export interface BddlProblem {
  readonly name: string;
  readonly language: string;
  /** Names of the instances, by category. */
  readonly fixtures: ReadonlyMap<string, readonly string[]>;
  readonly objects: ReadonlyMap<string, readonly string[]>;
  /** By `<target>_<region's name>`. */
  readonly regions: ReadonlyMap<string, Region>;
  readonly interest: readonly string[];
  readonly init: readonly Proposition[];
  /** A conjunction. */
  readonly goal: readonly Proposition[];
}

const DOMAIN = 'robosuite';
const DEFAULT_RGBA = [0, 0, 1, 0];

/** Reads a problem; what does not belong in one is `bad-data` with file, line and what was expected. */
export function readBddl(text: string, file: string): BddlProblem {
  return new Reader(file).problem(readExpression(text, file));
}

type Section = readonly Expression[];

class Reader {
  private readonly file: string;

  constructor(file: string) {
    this.file = file;
  }

  problem(whole: List): BddlProblem {
    const [define, ...groups] = whole.items;
    if (define === undefined || this.word(define) !== 'define') throw this.wrong(define ?? whole, '"define"');
    const sections = new Map<string, Section>();
    for (const group of groups) {
      const { items, line } = this.list(group);
      if (items.length === 0) throw unexpected(this.file, line, 'a section with a name', 'an empty list');
      const name = this.word(items[0]!);
      if (!SECTIONS.has(name)) throw this.wrong(items[0]!, `one of ${[...SECTIONS].join(', ')}`);
      sections.set(name, items.slice(1));
    }
    const section = (name: string): Section => sections.get(name) ?? [];
    const domain = section(':domain')[0];
    if (domain !== undefined && this.word(domain) !== DOMAIN) throw this.wrong(domain, `the domain "${DOMAIN}"`);
    const [title] = section('problem');
    if (title === undefined) throw unexpected(this.file, whole.line, '(problem NAME)', 'none');
    const [goal] = section(':goal');
    if (goal === undefined) throw unexpected(this.file, whole.line, '(:goal …)', 'none');
    return {
      name: this.word(title),
      language: this.words(section(':language')).join(' '),
      fixtures: this.instances(section(':fixtures'), 'fixture'),
      objects: this.instances(section(':objects'), 'object'),
      regions: this.regions(section(':regions')),
      interest: this.words(section(':obj_of_interest')),
      init: section(':init').map((proposition) => this.proposition(proposition)),
      goal: this.goal(goal),
    };
  }

  /** "a b - category c - other": names before the dash belong to the category after it. */
  private instances(section: Section, fallback: string): Map<string, readonly string[]> {
    const table = new Map<string, string[]>();
    let names: string[] = [];
    for (let i = 0; i < section.length; i++) {
      const word = this.word(section[i]!);
      if (word !== '-') {
        names.push(word);
        continue;
      }
      const category = section[++i];
      if (category === undefined) throw unexpected(this.file, section[i - 1]!.line, 'a category after "-"', 'none');
      table.set(this.word(category), names);
      names = [];
    }
    if (names.length > 0) table.set(fallback, [...(table.get(fallback) ?? []), ...names]);
    return table;
  }

  private regions(section: Section): Map<string, Region> {
    const table = new Map<string, Region>();
    for (const entry of section) {
      const [name, ...attributes] = this.list(entry).items;
      if (name === undefined) throw unexpected(this.file, entry.line, "a region's name", 'an empty list');
      const region = this.region(attributes, name);
      table.set(`${region.target}_${this.word(name)}`, region);
    }
    return table;
  }

  private region(attributes: Section, name: Expression): Region {
    const region = {
      target: null as string | null,
      ranges: [] as Rectangle[],
      yaw: [0, 0] as [number, number],
      rgba: DEFAULT_RGBA,
    };
    for (const attribute of attributes) {
      const { items, line } = this.list(attribute);
      const [key, value] = items;
      if (key === undefined || value === undefined || items.length !== 2) {
        throw unexpected(this.file, line, 'an attribute and its value', shown(attribute));
      }
      const word = this.word(key);
      if (word === ':target') region.target = this.word(value);
      else if (word === ':ranges') region.ranges.push(...this.list(value).items.map((range) => this.rectangle(range)));
      else if (word === ':yaw_rotation') {
        for (const range of this.list(value).items) region.yaw = this.numbers(range, 2) as [number, number];
      } else if (word === ':rgba') region.rgba = this.numbers(value, 4);
      else throw this.wrong(key, ':target, :ranges, :yaw_rotation or :rgba');
    }
    if (region.target === null) throw unexpected(this.file, name.line, "(:target NAME) in the region's list", 'none');
    return { ...region, target: region.target };
  }

  private rectangle(expression: Expression): Rectangle {
    const range = this.numbers(expression, 4) as [number, number, number, number];
    const [x0, y0, x1, y1] = range;
    if (x1 < x0 || y1 < y0) throw unexpected(this.file, expression.line, 'x0 <= x1 and y0 <= y1', range.join(' '));
    return range;
  }

  private goal(expression: Expression): Proposition[] {
    const { items } = this.list(expression);
    const conjunction = items[0]?.kind === 'atom' && items[0].text === 'and';
    return (conjunction ? items.slice(1) : [expression]).map((one) => this.proposition(one));
  }

  private proposition(expression: Expression): Proposition {
    const words = this.words(this.list(expression).items);
    if (words.length > 0) return words;
    throw unexpected(this.file, expression.line, 'a predicate and its arguments', 'an empty list');
  }

  private numbers(expression: Expression, count: number): number[] {
    const { items } = this.list(expression);
    if (items.length !== count) throw this.wrong(expression, `${count} numbers`);
    return items.map((item) => {
      const number = Number(this.word(item));
      if (!Number.isFinite(number)) throw this.wrong(item, 'a number');
      return number;
    });
  }

  private words(section: Section): string[] {
    return section.map((item) => this.word(item));
  }

  private word(expression: Expression): string {
    if (expression.kind === 'atom') return expression.text;
    throw this.wrong(expression, 'a word');
  }

  private list(expression: Expression): List {
    if (expression.kind === 'list') return expression;
    throw this.wrong(expression, 'a list');
  }

  private wrong(expression: Expression, expected: string): Error {
    return unexpected(this.file, expression.line, expected, shown(expression));
  }
}

const SECTIONS = new Set([
  'problem',
  ':domain',
  ':requirements',
  ':language',
  ':regions',
  ':scene_properties',
  ':fixtures',
  ':objects',
  ':obj_of_interest',
  ':init',
  ':goal',
]);
