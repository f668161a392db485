/** @file Files of LIBERO, and of suites made like it: BDDL problems and initial states. */

import { readBddl } from '../../../src/simulation/libero/bddl.ts';
import { parseInitialStates } from '../../../src/simulation/libero/initial-states.ts';
import { PROBLEM, archive, pickled } from '../../libero-made.ts';
import type { FuzzTarget } from '../fuzz.ts';
import { piecesOf } from '../mutate.ts';

const text = new TextDecoder();

/** BDDL. */
export const bddlTarget: FuzzTarget = {
  seeds: [Buffer.from(PROBLEM)],
  pieces: piecesOf(
    '( ) (( )) () ; - 1e999 nan (and) (:target) (:ranges(())) (:goal) (:regions(())) __proto__ constructor',
    'latin1',
  ),
  decode: (bytes) => readBddl(text.decode(bytes), 'fuzz.bddl'),
};

/** `.pruned_init`. */
export const statesTarget: FuzzTarget = {
  seeds: [archive(pickled([2, 3], [0, 1, 2, 0, 4, -5.5])), archive(pickled([1, 1], [0]))],
  pieces: piecesOf(
    'PK\x03\x04 PK\x01\x02 PK\x05\x06 \xff\xff\xff\xff \x00\x00\x00\x00 data.pkl K\xff \x86R tb. f8 f4 <\x00',
    'latin1',
  ),
  decode: (bytes) => parseInitialStates(bytes, 'fuzz.pruned_init'),
};
