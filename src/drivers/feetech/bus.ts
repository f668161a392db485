/**
 * @file Servos on one half-duplex line: one exchange at a time, with time limits, new tries, and a clean line before each. It reads no clock
 * but the one it is given, so that a simulated bus runs in simulated time.
 */

import { systemClock, type Clock } from '../../base/clock.ts';
import { VlaError } from '../../base/errors.ts';
import type { SerialPort } from '../serial/serial-port.ts';
import { BROADCAST_ID, INSTRUCTION, LARGEST_ID, PacketReader, encodePacket, type StatusPacket } from './packet.ts';
import { REGISTERS, decodeValue, encodeValue, type RegisterName } from './registers.ts';

/** How patient a bus is. */
export interface BusOptions {
  /** How long an answer may take, milliseconds; default 30: some adapters hand bytes over every 16 ms only. */
  readonly timeoutMs?: number;
  /** How often something is tried in all; default 3. */
  readonly tries?: number;
  /** Default: the machine's. */
  readonly clock?: Clock;
}

/** After a failed try: the line must have been quiet this long, so that a late answer is not taken for the next one. */
const QUIET_MS = 2;
/** A line that never falls quiet is given up after so many reads. */
const MOST_READS = 50;

/** What went over the line so far. */
export interface BusCounters {
  exchanges: number;
  /** Tries that were not answered by all in time. */
  failedTries: number;
  /** Bytes that belonged to no packet. */
  noise: number;
}

/** The servos on one line. All methods may be called at the same time: exchanges wait for each other. */
export class FeetechBus {
  readonly counters: BusCounters = { exchanges: 0, failedTries: 0, noise: 0 };
  /** The alarms that each servo spoke of in its last answer, by id; see `alarmsOf`. */
  readonly alarms = new Map<number, number>();
  private readonly port: SerialPort;
  private readonly timeoutMs: number;
  private readonly tries: number;
  private readonly clock: Clock;
  private queue: Promise<unknown> = Promise.resolve();

  constructor(port: SerialPort, { timeoutMs = 30, tries = 3, clock = systemClock }: BusOptions = {}) {
    [this.port, this.timeoutMs, this.tries, this.clock] = [port, timeoutMs, tries, clock];
  }

  /** The ids that answer, ascending; asks them all at once, and waits for silence. */
  async scan(): Promise<number[]> {
    return this.alone(async () => {
      // Every id has its own slot to answer in; the last one begins after about 250 of them.
      const heard = await this.exchange(encodePacket(BROADCAST_ID, INSTRUCTION.ping), [], 0, 10 * this.timeoutMs);
      return [...heard.keys()].filter((id) => id <= LARGEST_ID).sort((a, b) => a - b);
    });
  }

  /** Whether a servo answers; rejects only when the line is gone. */
  async ping(id: number): Promise<boolean> {
    try {
      await this.ask([id], INSTRUCTION.ping, [], 0, `servo ${id}: ping`);
      return true;
    } catch (error) {
      if (error instanceof NoAnswer) return false;
      throw error;
    }
  }

  /** One value of one servo. */
  async read(id: number, name: RegisterName): Promise<number> {
    const { address, size } = REGISTERS[name];
    const answers = await this.ask([id], INSTRUCTION.read, [address, size], size, `servo ${id}: read ${name}`);
    return decodeValue(name, answers.get(id)!.parameters);
  }

  /** Writes one value and waits for the servo's word. */
  async write(id: number, name: RegisterName, value: number): Promise<void> {
    const parameters = [REGISTERS[name].address, ...encodeValue(name, value)];
    await this.ask([id], INSTRUCTION.write, parameters, 0, `servo ${id}: write ${name}`);
  }

  /** Writes one value and reads it back; rejects with `io` when the servo has another one then. */
  async writeChecked(id: number, name: RegisterName, value: number): Promise<void> {
    await this.write(id, name, value);
    const got = await this.read(id, name);
    if (got !== value)
      throw new VlaError('io', `servo ${id}: ${name}: expected ${value} after writing it, got ${got}.`);
  }

  /** The same value of several servos, in the order of `ids`, with one question. */
  async syncRead(ids: readonly number[], name: RegisterName): Promise<number[]> {
    const { address, size } = REGISTERS[name];
    const what = `servos ${ids.join(', ')}: read ${name}`;
    const answers = await this.ask(ids, INSTRUCTION.syncRead, [address, size, ...ids], size, what);
    return ids.map((id) => decodeValue(name, answers.get(id)!.parameters));
  }

  /** Writes a value per servo in one packet, which nobody answers: whether it arrived can only be read. */
  async syncWrite(ids: readonly number[], name: RegisterName, values: readonly number[]): Promise<void> {
    const { address, size } = REGISTERS[name];
    const data = ids.flatMap((id, i) => [id, ...encodeValue(name, values[i]!)]);
    await this.alone(async () => {
      this.counters.exchanges++;
      await this.port.write(encodePacket(BROADCAST_ID, INSTRUCTION.syncWrite, [address, size, ...data]));
    });
  }

  /** Closes the line, after the exchange under way. */
  close(): Promise<void> {
    return this.alone(() => this.port.close());
  }

  /** Asks until every one of `ids` has answered with `size` parameters; those that answered are not asked again. */
  private ask(
    ids: readonly number[],
    instruction: number,
    parameters: readonly number[],
    size: number,
    what: string,
  ): Promise<Map<number, StatusPacket>> {
    return this.alone(async () => {
      const answers = new Map<number, StatusPacket>();
      for (let attempt = 0; attempt < this.tries; attempt++) {
        const open = ids.filter((id) => !answers.has(id));
        const together = instruction === INSTRUCTION.syncRead;
        const packet = together
          ? encodePacket(BROADCAST_ID, instruction, [...parameters.slice(0, 2), ...open])
          : encodePacket(ids[0]!, instruction, parameters);
        for (const [id, answer] of await this.exchange(packet, open, size, this.timeoutMs)) answers.set(id, answer);
        if (ids.every((id) => answers.has(id))) return answers;
        this.counters.failedTries++;
        await this.quiet();
      }
      throw new NoAnswer(
        what,
        ids.filter((id) => !answers.has(id)),
        this.tries,
      );
    });
  }

  /** Sends a packet and collects answers until all of `ids` have spoken or the time is over; without ids, until then. */
  private async exchange(
    packet: Uint8Array,
    ids: readonly number[],
    size: number,
    timeoutMs: number,
  ): Promise<Map<number, StatusPacket>> {
    this.counters.exchanges++;
    this.counters.noise += (await this.port.read(0)).length;
    await this.port.write(packet);
    const reader = new PacketReader(size);
    const answers = new Map<number, StatusPacket>();
    const end = this.clock.now() + timeoutMs / 1000;
    const take = (ended: boolean): void => {
      for (let status = reader.next(ended); status !== null; status = reader.next(ended)) {
        const asked = ids.length === 0 || ids.includes(status.id);
        if (!asked || status.parameters.length !== size || answers.has(status.id)) continue;
        answers.set(status.id, status);
        this.alarms.set(status.id, status.error);
      }
    };
    while (ids.length === 0 || answers.size < ids.length) {
      const left = 1000 * (end - this.clock.now());
      if (left <= 0) break;
      const bytes = await this.port.read(left);
      reader.push(bytes);
      take(false);
    }
    if (ids.length === 0 || answers.size < ids.length) take(true);
    this.counters.noise += reader.noise;
    return answers;
  }

  /** Waits until the line is quiet. */
  private async quiet(): Promise<void> {
    for (let reads = 0; reads < MOST_READS; reads++) {
      const { length } = await this.port.read(QUIET_MS);
      if (length === 0) return;
      this.counters.noise += length;
    }
  }

  /** One exchange after the other. */
  private alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.queue.then(work);
    this.queue = turn.catch(() => undefined);
    return turn;
  }
}

/** Servos that did not answer. */
class NoAnswer extends VlaError {
  constructor(what: string, missing: readonly number[], tries: number) {
    super('io', `${what}: expected an answer, got none of ${missing.join(', ')} in ${tries} tries.`, {
      hint: 'Check power and cables; vlakit robot scan shows who answers.',
    });
  }
}
