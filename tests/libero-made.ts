/** @file Small files in the formats of LIBERO, made here: a BDDL problem, initial states. */

import { strToU8, zipSync } from 'fflate';

/** Has every section and attribute. */
export const PROBLEM = `(define (problem LIBERO_Tabletop_Manipulation)
  (:domain robosuite) ; a comment (with brackets
  (:language Turn on the Stove)
  (:regions
    (left (:target Main_Table) (:ranges ((-0.1 -.2 0.1 2e-1) (0 0 1 1))) (:yaw_rotation ((0.0 3.5))) (:rgba (1 0 0 0.5)))
    (cook_region (:target flat_stove_1)))
  (:fixtures main_table - table flat_stove_1 - flat_stove)
  (:objects plate_1 plate_2 - plate moka_pot_1 - moka_pot lonely)
  (:obj_of_interest flat_stove_1)
  (:init (On plate_1 main_table_left) (Turnoff flat_stove_1))
  (:goal (And (Turnon flat_stove_1) (On moka_pot_1 flat_stove_1_cook_region))))
`;

/** Where torch.save puts the pickle. */
export const PICKLE = 'archive/data.pkl';

/** A protocol-2 pickle of a float64 array, as torch.save writes it, with other bytes for its numbers. */
export function pickled(shape: readonly [number, number], numbers: readonly number[], type = 'f8'): Uint8Array {
  const bytes = new Uint8Array(Float64Array.from(numbers).buffer);
  const latin1 = strToU8([...bytes].map((byte) => String.fromCharCode(byte)).join(''));
  const text = (value: Uint8Array | string): string => {
    const raw = typeof value === 'string' ? strToU8(value) : value;
    const length = String.fromCharCode(...new Uint8Array(Uint32Array.of(raw.length).buffer));
    return `X${length}${String.fromCharCode(...raw)}`;
  };
  const program =
    '\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85c_codecs\nencode\n' +
    `${text('b')}${text('latin1')}\x86R\x87R(K\x01K${String.fromCharCode(shape[0])}K${String.fromCharCode(shape[1])}\x86` +
    `cnumpy\ndtype\n${text(type)}\x89\x88\x87R(K\x03${text('<')}NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89` +
    `c_codecs\nencode\n${text(latin1)}${text('latin1')}\x86Rtb.`;
  return bytesOf(program);
}

/** One byte per character. */
export function bytesOf(program: string): Uint8Array {
  return Uint8Array.from(program, (character) => character.charCodeAt(0));
}

/** The archive around a pickle, stored as torch.save stores it. */
export function archive(pickle: Uint8Array): Uint8Array {
  return zipSync({ [PICKLE]: pickle, 'archive/version': strToU8('3\n') }, { level: 0 });
}
