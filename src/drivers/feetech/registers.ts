/**
 * @file The memory of an STS3215 (and of the other STS and SMS servos): addresses, sizes, signs. Figures from Feetech's memory table of
 * 2022-03; which values carry a sign, as in LeRobot's tables.
 */

import { VlaError } from '../../base/errors.ts';

/** One value in a servo's memory; little-endian. */
export interface Register {
  readonly address: number;
  readonly size: 1 | 2;
  /** The bit that says "negative", the bits below it are the magnitude; left out: never negative. */
  readonly sign?: number;
}

/** The registers that are used here. Addresses below 40 are kept without power, and can be written while `lock` is 0. */
export const REGISTERS = {
  firmwareMajor: { address: 0, size: 1 },
  firmwareMinor: { address: 1, size: 1 },
  model: { address: 3, size: 2 },
  id: { address: 5, size: 1 },
  /** Units of 2 µs. */
  returnDelay: { address: 7, size: 1 },
  minPosition: { address: 9, size: 2 },
  maxPosition: { address: 11, size: 2 },
  /** Thousandths. */
  maxTorque: { address: 16, size: 2 },
  /** Bit 4: positions count turns. */
  phase: { address: 18, size: 1 },
  proportionalGain: { address: 21, size: 1 },
  derivativeGain: { address: 22, size: 1 },
  integralGain: { address: 23, size: 1 },
  /** Units of 6.5 mA. */
  protectionCurrent: { address: 28, size: 2 },
  /** What is taken from the encoder's reading to give positions. */
  homingOffset: { address: 31, size: 2, sign: 11 },
  /** 0: position, 1: velocity, 2: open loop, 3: steps. */
  operatingMode: { address: 33, size: 1 },
  /** Percent, once overloaded. */
  overloadTorque: { address: 36, size: 1 },
  torqueEnable: { address: 40, size: 1 },
  /** Units of 100 ticks/s²; 0: at once. */
  acceleration: { address: 41, size: 1 },
  goalPosition: { address: 42, size: 2, sign: 15 },
  /** Ticks per second; 0: as fast as it can. */
  goalVelocity: { address: 46, size: 2, sign: 15 },
  /** Thousandths. */
  torqueLimit: { address: 48, size: 2 },
  /** 0: writes to addresses below 40 are kept without power. */
  lock: { address: 55, size: 1 },
  presentPosition: { address: 56, size: 2, sign: 15 },
  presentVelocity: { address: 58, size: 2, sign: 15 },
  /** Thousandths of the largest torque. */
  presentLoad: { address: 60, size: 2, sign: 10 },
  /** Tenths of a volt. */
  presentVoltage: { address: 62, size: 1 },
  /** °C. */
  presentTemperature: { address: 63, size: 1 },
  moving: { address: 66, size: 1 },
  /** Units of 6.5 mA. */
  presentCurrent: { address: 69, size: 2, sign: 15 },
} as const satisfies Readonly<Record<string, Register>>;

/** A register's name. */
export type RegisterName = keyof typeof REGISTERS;

/** Where the memory that is lost without power begins. */
export const FIRST_VOLATILE_ADDRESS = 40;
/** What an STS3215 answers as its model. */
export const STS3215_MODEL = 777;
/** Encoder ticks of a turn. */
export const TICKS_PER_TURN = 4096;

/** The bytes of a value; throws `bad-argument` when it does not fit. */
export function encodeValue(name: RegisterName, value: number): number[] {
  const { size, sign }: Register = REGISTERS[name];
  const most = sign === undefined ? 2 ** (8 * size) - 1 : 2 ** sign - 1;
  const least = sign === undefined ? 0 : -most;
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new VlaError('bad-argument', `${name}: expected a whole number from ${least} to ${most}, got ${value}.`);
  }
  const raw = value < 0 ? -value | (1 << sign!) : value;
  return size === 1 ? [raw] : [raw & 0xff, raw >> 8];
}

/** The value of a register's bytes. */
export function decodeValue(name: RegisterName, bytes: ArrayLike<number>): number {
  const { size, sign }: Register = REGISTERS[name];
  const raw = size === 1 ? bytes[0]! : bytes[0]! | (bytes[1]! << 8);
  if (sign === undefined) return raw;
  const magnitude = raw & ((1 << sign) - 1);
  return (raw >> sign) & 1 ? 0 - magnitude : magnitude;
}
