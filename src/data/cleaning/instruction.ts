/** @file Drops episodes whose instruction is at odds with the motion, by the rules of `instruction-rules.ts`. */

import type { CleaningFilter } from './filter.ts';
import { measureMotion } from './motion-measures.ts';

/** Instruction against motion. */
export const instructionMotion: CleaningFilter<'scale'> = {
  name: 'instruction',
  summary: 'instructions that the motion contradicts (rule-based; what no rule knows is not judged)',
  thresholds: { scale: { value: 1, says: 'factor on the least motion that every rule demands' } },
  prepare({ state, rules }, { scale }) {
    const compiled = rules.map((rule) => ({ ...rule, expression: new RegExp(rule.pattern, 'i') }));
    return async ({ tasks, state: column }) => {
      const instruction = tasks[0];
      // Several instructions share the episode: which motion belongs to which is not known here.
      if (column === null || state === null || tasks.length !== 1 || instruction === undefined) return null;
      let judged = false;
      for (const { name, measure, least, expression } of compiled) {
        if (!expression.test(instruction)) continue;
        const measured = measureMotion(column, state.layout, state.spread, measure);
        if (measured === null) continue;
        judged = true;
        if (measured >= scale * least) continue;
        return [
          {
            frames: null,
            reason: `"${instruction}" (rule "${name}") needs ${measure} of at least ${scale * least}, got ${measured.toFixed(3)}`,
            numbers: { [measure]: measured, least: scale * least },
          },
        ];
      }
      return judged ? [] : null;
    };
  },
};
