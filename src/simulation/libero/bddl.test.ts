/** @file BDDL problems are read as LIBERO reads them, and mistakes in them are told by file and line. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PROBLEM } from '../../../tests/libero-made.ts';
import { readBddl } from './bddl.ts';

describe('reading BDDL', () => {
  it('gives objects by category, regions by target, propositions, all in lower case', () => {
    const problem = readBddl(PROBLEM, 'task.bddl');
    assert.equal(problem.name, 'libero_tabletop_manipulation');
    assert.equal(problem.language, 'turn on the stove');
    assert.deepEqual(
      [...problem.objects],
      [
        ['plate', ['plate_1', 'plate_2']],
        ['moka_pot', ['moka_pot_1']],
        ['object', ['lonely']],
      ],
    );
    assert.deepEqual([...problem.fixtures.keys()], ['table', 'flat_stove']);
    assert.deepEqual(problem.regions.get('main_table_left'), {
      target: 'main_table',
      ranges: [
        [-0.1, -0.2, 0.1, 0.2],
        [0, 0, 1, 1],
      ],
      yaw: [0, 3.5],
      rgba: [1, 0, 0, 0.5],
    });
    const site = { target: 'flat_stove_1', ranges: [], yaw: [0, 0], rgba: [0, 0, 1, 0] };
    assert.deepEqual(problem.regions.get('flat_stove_1_cook_region'), site);
    assert.deepEqual(problem.interest, ['flat_stove_1']);
    assert.deepEqual(problem.init, [
      ['on', 'plate_1', 'main_table_left'],
      ['turnoff', 'flat_stove_1'],
    ]);
    assert.deepEqual(problem.goal, [
      ['turnon', 'flat_stove_1'],
      ['on', 'moka_pot_1', 'flat_stove_1_cook_region'],
    ]);
  });

  it('takes a goal of one proposition', () => {
    const goal = '(define (problem p) (:goal (On a b)))';
    assert.deepEqual(readBddl(goal, 'task.bddl').goal, [['on', 'a', 'b']]);
  });

  const wrong: [what: string, from: string | RegExp, to: string, message: string][] = [
    [
      'a bracket too few',
      '))))\n',
      ')))\n',
      'task.bddl:1: expected ")" that closes this "(", got the end of the file.',
    ],
    ['a bracket too many', '))))\n', ')))))\n', 'task.bddl:11: expected the end of the file, got ")".'],
    ['something else than "define"', 'define', 'refine', 'task.bddl:1: expected "define", got "refine".'],
    ['another domain', 'robosuite', 'blocks', 'task.bddl:2: expected the domain "robosuite", got "blocks".'],
    ['a number that is none', '-.2', 'x.2', 'task.bddl:5: expected a number, got "x.2".'],
    ['a rectangle of three numbers', '(0 0 1 1)', '(0 0 1)', 'task.bddl:5: expected 4 numbers, got a list of 3.'],
    ['a rectangle inside out', '(0 0 1 1)', '(2 0 1 1)', 'task.bddl:5: expected x0 <= x1 and y0 <= y1, got 2 0 1 1.'],
    [
      'a region of nothing',
      '(:target flat_stove_1)',
      '',
      `task.bddl:6: expected (:target NAME) in the region's list, got none.`,
    ],
    [
      'an unknown attribute',
      ':rgba',
      ':rgbx',
      'task.bddl:5: expected :target, :ranges, :yaw_rotation or :rgba, got ":rgbx".',
    ],
    ['no goal', /\(:goal.*\)\n/s, ')', 'task.bddl:1: expected (:goal …), got none.'],
    ['a list for a name', '(On plate_1 main', '(On (plate_1) main', 'task.bddl:10: expected a word, got a list of 1.'],
    [
      'an empty proposition',
      '(Turnoff flat_stove_1)',
      '()',
      'task.bddl:10: expected a predicate and its arguments, got an empty list.',
    ],
  ];
  for (const [what, from, to, message] of wrong) {
    it(`refuses ${what}`, () => {
      assert.throws(() => readBddl(PROBLEM.replace(from, to), 'task.bddl'), { code: 'bad-data', message });
    });
  }

  it('refuses an unknown section, an empty file and deep nesting', () => {
    const unknown = PROBLEM.replace(':init', ':start');
    assert.throws(
      () => readBddl(unknown, 'task.bddl'),
      /task\.bddl:10: expected one of problem, :domain.* got ":start"/,
    );
    assert.throws(() => readBddl(' \n', 'task.bddl'), /task\.bddl:1: expected "\(", got the end of the file/);
    assert.throws(() => readBddl('('.repeat(1e6), 'task.bddl'), /at most 100 open brackets/);
  });
});
