/** @file Pickles, as LeRobot's robot client sends them: Python's own, with forbidden names put in. */

import { lerobotMapping, readPolicySetup } from '../../../src/serving/lerobot/policy-setup.ts';
import { readTimedObservation } from '../../../src/serving/lerobot/timed-observation.ts';
import { LEROBOT_NAMES } from '../../../src/serving/lerobot/names.ts';
import { unpickle } from '../../../src/base/pickle/unpickle.ts';
import { DEFAULT_WIRE_LIMITS } from '../../../src/serving/wire/limits.ts';
import { JOINT_ROBOT } from '../../serving/joint-policy.ts';
import { FORBIDDEN, WELL_FORMED, observationPickle, pythonPickle } from '../../serving/robot-pickles.ts';
import type { FuzzTarget } from '../fuzz.ts';
import { piecesOf } from '../mutate.ts';

/** Instructions and names that a hostile pickle has. */
const PIECES = [
  'cos\nsystem\n cbuiltins\neval\n cposix\nsystem\n(X\x02\x00\x00\x00idtR ctorch\nload\n c__main__\nx\n',
  '\x8c\x02os\x8c\x06system\x93 \x8c\x08builtins\x8c\x04exec\x93 \x8c\x05numpy\x8c\x04load\x93',
  'R b \x81 \x92 i o Q \x97 \x82\x01 ( ) t } ] u s a e \x94',
  'h\x00 h\x01 j\xff\xff\xff\xff r\xff\xff\xff\xff q\x00 \x86 \x85 . 0 2',
  '\x8e\xff\xff\xff\xff\xff\xff\xff\xff B\xff\xff\xff\x7f X\xff\xff\xff\xff \x95\xff\xff\xff\xff\x00\x00\x00\x00',
  '\x8a\xff \x80\x05 \x80\xff M\xff\xff J\xff\xff\xff\xff h\x00\x86\x94 ]\x94h\x00a',
].flatMap((line) => piecesOf(line, 'latin1'));

/** Any pickle of the vocabulary. */
export const pickleTarget: FuzzTarget = {
  seeds: WELL_FORMED,
  pieces: [...PIECES, ...FORBIDDEN],
  decode: (bytes) => unpickle(bytes, { vocabulary: LEROBOT_NAMES, limits: DEFAULT_WIRE_LIMITS }),
};

/** What a robot asks for as it connects. */
export const setupTarget: FuzzTarget = {
  seeds: [pythonPickle('setup'), pythonPickle('setup-old'), pythonPickle('setup', 2)],
  pieces: [...PIECES, ...FORBIDDEN],
  decode: (bytes) => readPolicySetup(bytes, DEFAULT_WIRE_LIMITS),
};

const mapping = lerobotMapping(JOINT_ROBOT);

/** Observations, up to what the policy is given. */
export const observationTarget: FuzzTarget = {
  seeds: [
    ...[2, 3, 4, 5].map((protocol) => pythonPickle('observation', protocol)),
    pythonPickle('observation-scalars'),
    observationPickle({ mustGo: true }),
  ],
  pieces: [...PIECES, ...FORBIDDEN],
  decode: (bytes) => readTimedObservation(bytes, mapping, JOINT_ROBOT, DEFAULT_WIRE_LIMITS),
};
