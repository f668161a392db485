/**
 * @file What a verb demands of the motion, as data: an instruction that matches a pattern must show at least this much
 * of this movement somewhere in its episode. What no rule matches is not judged.
 */

import { VlaError } from '../../base/errors.ts';
import type { Measure } from './motion-measures.ts';

/** One rule. */
export interface InstructionRule {
  readonly name: string;
  /** A regular expression, tried without regard to case. */
  readonly pattern: string;
  readonly measure: Measure;
  /** Metres, radians, or for grippers a share of their range. */
  readonly least: number;
}

/** Verbs of position change that a direction may follow. */
const MOVE = '(?:push|pull|slide|move|drag|shift|bring|carry|nudge)';
/** Directions in the robot's base frame (x forward, y to its left): "to the left of the bowl" is a place, no direction. */
const toward = (word: string): string => `\\b${MOVE}\\b.*\\b(?:to the ${word}(?! of\\b)|${word}wards?)\\b`;

/** The rules. The amounts are far below what any such task needs: they find the opposite, not the half-hearted. */
export const INSTRUCTION_RULES: readonly InstructionRule[] = [
  {
    name: 'open the gripper',
    pattern: '\\bopen (?:the |your |its )?(?:gripper|hand|fingers|jaws?)\\b',
    measure: 'opening',
    least: 0.3,
  },
  {
    name: 'close the gripper',
    pattern: '\\bclose (?:the |your |its )?(?:gripper|hand|fingers|jaws?)\\b',
    measure: 'closing',
    least: 0.3,
  },
  {
    name: 'open or close something',
    pattern: '\\b(?:open|close|shut)\\b(?! (?:the |your |its )?(?:gripper|hand|fingers|jaws?)\\b)',
    measure: 'travel',
    least: 0.03,
  },
  { name: 'grasp', pattern: '\\b(?:pick|grasp|grab|take hold of)\\b', measure: 'closing', least: 0.1 },
  { name: 'release', pattern: '\\b(?:release|let go|drop)\\b', measure: 'opening', least: 0.1 },
  {
    name: 'lift',
    pattern: '\\b(?:lift|raise|hoist|pick (?:\\S+ ){0,5}?up|pick up)\\b',
    measure: 'rise',
    least: 0.02,
  },
  { name: 'lower', pattern: '\\b(?:lower|press|push down|put down)\\b', measure: 'fall', least: 0.01 },
  { name: 'to the left', pattern: toward('left'), measure: 'left', least: 0.02 },
  { name: 'to the right', pattern: toward('right'), measure: 'right', least: 0.02 },
  {
    name: 'forward',
    pattern: `\\b${MOVE}\\b.*\\b(?:forwards?|away from the robot)\\b`,
    measure: 'forward',
    least: 0.02,
  },
  {
    name: 'backward',
    pattern: `\\b${MOVE}\\b.*\\b(?:backwards?|toward the robot)\\b`,
    measure: 'backward',
    least: 0.02,
  },
  {
    name: 'turn',
    pattern: '\\b(?:rotate|twist|flip|pour|screw|turn(?! (?:on|off|to|left|right|around)\\b))\\b',
    measure: 'rotation',
    least: 0.2,
  },
  {
    name: 'move something',
    pattern: '\\b(?:push|pull|slide|move|drag|put|place|stack|insert|wipe|touch|tap|hang)\\b',
    measure: 'travel',
    least: 0.02,
  },
];

/** Checks rules out of a file; `where` names it. */
export function parseRules(value: unknown, measures: readonly string[], where: string): InstructionRule[] {
  const wrong = (got: string): VlaError =>
    new VlaError('bad-data', `${where}: expected a list of {name, pattern, measure, least}, got ${got}.`, {
      hint: `Measures: ${measures.join(', ')}. Patterns are regular expressions without slashes.`,
    });
  if (!Array.isArray(value)) throw wrong(typeof value);
  return (value as Partial<InstructionRule>[]).map((rule, i) => {
    const { name, pattern, measure, least } = rule;
    const whole = typeof name === 'string' && typeof pattern === 'string' && typeof least === 'number';
    if (!whole || !measures.includes(measure ?? '')) throw wrong(`${JSON.stringify(rule)} at position ${i}`);
    try {
      'x'.search(new RegExp(pattern, 'i'));
    } catch (cause) {
      throw wrong(`a pattern that is none at position ${i}: ${(cause as Error).message}`);
    }
    return rule as InstructionRule;
  });
}
