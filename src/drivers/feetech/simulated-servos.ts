/**
 * @file Servos that exist only in numbers: the memory, the answers and the motion of STS3215s, with the faults that a real line has. For
 * tests, and to try commands without a robot.
 */

import { Random } from '../../base/random.ts';
import { BROADCAST_ID, INSTRUCTION, PacketReader, encodePacket, type StatusPacket } from './packet.ts';
import {
  FIRST_VOLATILE_ADDRESS,
  REGISTERS,
  STS3215_MODEL,
  TICKS_PER_TURN,
  decodeValue,
  encodeValue,
  type RegisterName,
} from './registers.ts';

/** What goes wrong on the line; probabilities per answer, all 0 by default. */
export interface LineFaults {
  /** Bytes of nothing before an answer. */
  readonly noise?: number;
  /** A byte of the answer is lost. */
  readonly loss?: number;
  /** A bit of the answer is turned. */
  readonly flip?: number;
}

/** One answer on the line. */
export interface SimulatedAnswer {
  /** Seconds from the question's end to the answer's end. */
  readonly delay: number;
  readonly bytes: Uint8Array;
}

/** What the servo can do without a load: about 50 turns a minute, ticks per second. */
const TOP_SPEED = 3400;
const MEMORY = 128;
/** Seconds per byte at 1 Mbaud: ten bits each. */
const BYTE_SECONDS = 1e-5;
/** Parameters of the longest question. */
const LONGEST_QUESTION = 64;

/** One servo: its memory and where its shaft is. */
export class SimulatedServo {
  readonly memory = new Uint8Array(MEMORY);
  /** Where the shaft is, encoder ticks from 0, not wrapped; whoever moves the arm by hand sets it. */
  shaft: number;
  /** Switched off: it answers nothing. */
  missing = false;
  /** Alarm bits of its answers. */
  error = 0;
  private kept: Uint8Array;
  private movedAt = 0;

  constructor(id: number, shaft: number) {
    this.shaft = shaft;
    this.set('firmwareMajor', 3);
    this.set('firmwareMinor', 10);
    this.set('model', STS3215_MODEL);
    this.set('id', id);
    this.set('returnDelay', 250);
    this.set('maxPosition', TICKS_PER_TURN - 1);
    this.set('maxTorque', 1000);
    this.set('proportionalGain', 32);
    this.set('derivativeGain', 32);
    this.kept = this.memory.slice(0, FIRST_VOLATILE_ADDRESS);
    this.powerCycle();
  }

  /** Current fails and comes back: what was not kept is lost, and the motor is limp. */
  powerCycle(): void {
    this.memory.fill(0, FIRST_VOLATILE_ADDRESS);
    this.memory.set(this.kept);
    this.set('lock', 1);
    this.set('torqueLimit', this.get('maxTorque'));
    this.set('presentVoltage', 120);
    this.set('presentTemperature', 30);
    this.set('presentPosition', this.position());
    this.set('goalPosition', this.position());
  }

  /** A register's value. */
  get(name: RegisterName): number {
    return decodeValue(name, this.memory.subarray(REGISTERS[name].address));
  }

  /** Sets a register as the servo itself would. */
  set(name: RegisterName, value: number): void {
    this.memory.set(encodeValue(name, value), REGISTERS[name].address);
  }

  /** A write from the line. */
  write(address: number, bytes: Uint8Array): void {
    this.memory.set(bytes.subarray(0, Math.max(0, MEMORY - address)), address);
    if (this.get('lock') === 0) this.kept = this.memory.slice(0, FIRST_VOLATILE_ADDRESS);
    this.set('presentPosition', this.position());
  }

  /** Lets time pass until `now`, seconds: towards the goal, no faster than it can, inside its limits. */
  advance(now: number): void {
    const passed = Math.max(0, now - this.movedAt);
    this.movedAt = now;
    const holding = this.get('torqueEnable') === 1;
    let speed = 0;
    if (holding && this.get('operatingMode') === 0) {
      const goal = Math.min(this.get('maxPosition'), Math.max(this.get('minPosition'), this.get('goalPosition')));
      const error = goal - this.position();
      const top = Math.abs(this.get('goalVelocity')) || TOP_SPEED;
      const step = Math.sign(error) * Math.min(Math.abs(error), top * passed);
      this.shaft += step;
      speed = passed > 0 ? Math.round(step / passed) : 0;
    }
    this.set('presentPosition', this.position());
    this.set('presentVelocity', speed);
    this.set('moving', speed === 0 ? 0 : 1);
  }

  /** Encoder reading minus homing offset, wrapped to one turn. */
  private position(): number {
    const ticks = Math.round(this.shaft - this.get('homingOffset'));
    return ((ticks % TICKS_PER_TURN) + TICKS_PER_TURN) % TICKS_PER_TURN;
  }
}

/** Servos on one line. */
export class SimulatedServos {
  readonly servos: readonly SimulatedServo[];
  faults: LineFaults;
  private readonly reader = new PacketReader(LONGEST_QUESTION);
  private readonly random: Random;

  /** `shafts`: of the servos with the ids 1, 2, …, encoder ticks. */
  constructor(shafts: readonly number[], faults: LineFaults = {}, seed = 1) {
    this.servos = shafts.map((shaft, i) => new SimulatedServo(i + 1, shaft));
    this.faults = faults;
    this.random = new Random(seed);
  }

  /** Lets time pass until `now`, seconds. */
  advance(now: number): void {
    for (const servo of this.servos) servo.advance(now);
  }

  /** Bytes from the line at `now` (seconds); what the servos say to them, in order. */
  receive(bytes: Uint8Array, now: number): SimulatedAnswer[] {
    this.advance(now);
    this.reader.push(bytes);
    const answers: SimulatedAnswer[] = [];
    for (let question = this.reader.next(); question !== null; question = this.reader.next()) {
      let delay = answers.at(-1)?.delay ?? 0;
      for (const { servo, parameters } of this.obey(question)) {
        const packet = this.disturbed(encodePacket(servo.get('id'), servo.error, parameters));
        delay += servo.get('returnDelay') * 2e-6 + packet.length * BYTE_SECONDS;
        answers.push({ delay, bytes: packet });
      }
    }
    return answers;
  }

  /** Does what a packet says; who answers, and with what. */
  private obey({
    id,
    error: instruction,
    parameters,
  }: StatusPacket): { servo: SimulatedServo; parameters: Uint8Array }[] {
    const there = this.servos.filter(({ missing }) => !missing);
    const asked = there.filter((servo) => id === BROADCAST_ID || servo.get('id') === id);
    const [address = 0, length = 0] = parameters;
    const none = new Uint8Array(0);
    switch (instruction) {
      case INSTRUCTION.ping:
        return asked.map((servo) => ({ servo, parameters: none }));
      case INSTRUCTION.read:
        return asked.map((servo) => ({ servo, parameters: servo.memory.slice(address, address + length) }));
      case INSTRUCTION.write: {
        // Answers come from whom the question was for, also when the write changed its id.
        for (const servo of asked) servo.write(address, parameters.subarray(1));
        return id === BROADCAST_ID ? [] : asked.map((servo) => ({ servo, parameters: none }));
      }
      case INSTRUCTION.syncRead:
        return [...parameters.subarray(2)].flatMap((wanted) =>
          there
            .filter((servo) => servo.get('id') === wanted)
            .map((servo) => ({ servo, parameters: servo.memory.slice(address, address + length) })),
        );
      case INSTRUCTION.syncWrite:
        for (let at = 2; at + length < parameters.length; at += length + 1) {
          const servo = there.find((one) => one.get('id') === parameters[at]);
          servo?.write(address, parameters.subarray(at + 1, at + 1 + length));
        }
        return [];
      default:
        return [];
    }
  }

  private disturbed(packet: Uint8Array): Uint8Array {
    const { noise = 0, loss = 0, flip = 0 } = this.faults;
    const bytes = [...packet];
    const { random } = this;
    if (random.uniform() < flip) bytes[random.integer(bytes.length)]! ^= 1 << random.integer(8);
    if (random.uniform() < loss) bytes.splice(random.integer(bytes.length), 1);
    if (random.uniform() < noise) {
      // Headers are the worst of noise.
      const junk = Array.from({ length: 1 + random.integer(6) }, () =>
        random.uniform() < 0.5 ? 255 : random.integer(256),
      );
      bytes.unshift(...junk);
    }
    return Uint8Array.from(bytes);
  }
}
