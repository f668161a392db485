/** @file What `vlakit control` says: a line that lives while the robot moves, and a report when it stands. */

import process from 'node:process';
import type { TickListener } from '../../runtime/control-loop.ts';
import type { Steps } from '../../runtime/run-report.ts';
import type { ControlReport } from './play-episode.ts';

/** Milliseconds between drawings. */
const EVERY = 200;
const REASONS = 3;

type Stream = Pick<NodeJS.WriteStream, 'write'> & { readonly isTTY?: boolean };

/** A line with the last tick, drawn again and again on a terminal; elsewhere one line when the robot begins to move. */
export function liveLine(stream: Stream = process.stderr): { tick: TickListener; end(): void } {
  let intervened = 0;
  let drawn = -Infinity;
  let moved = false;
  return {
    tick({ tick, source, age, interventions }) {
      if (interventions.length > 0) intervened++;
      if (stream.isTTY !== true && !moved && source === 'chunk') stream.write(`the robot moves (tick ${tick})\n`);
      moved ||= source === 'chunk';
      const now = performance.now();
      if (stream.isTTY !== true || now - drawn < EVERY) return;
      drawn = now;
      const old = age === null ? '' : `  age ${age}`;
      const reason = interventions[0] === undefined ? '' : `  (${interventions[0]})`;
      stream.write(`\r\u001B[Ktick ${tick}  ${source}${old}  ${intervened} interventions${reason}`.slice(0, 120));
    },
    end() {
      if (drawn > -Infinity) stream.write('\r\u001B[K');
      [intervened, drawn, moved] = [0, -Infinity, false];
    },
  };
}

/** The report of one episode as lines of text. */
export function reportLines(report: ControlReport): string[] {
  const { counters, seams, within, interventions } = report;
  const { ticks, idle, held, late, discarded, inferences, failed, missed, expired } = counters;
  const rest = Object.entries({ failed, missed, expired }).filter(([, count]) => count > 0);
  const reasons = interventions.slice(0, REASONS).map(([reason, count]) => `${reason} (${count})`);
  return [
    `${report.outcome ?? 'ended'}${report.instruction === '' ? '' : ` “${report.instruction}”`} after ${report.seconds.toFixed(1)} s`,
    `  ticks ${ticks}, idle ${idle}, held ${held}${report.stopped === 0 ? '' : `, safe stop in force ${report.stopped}`}`,
    `  inferences ${inferences}, late actions ${late}, chunks discarded ${discarded}${rest.map(([name, count]) => `, ${name} ${count}`).join('')}`,
    `  gate interventions ${report.intervened}${reasons.length === 0 ? '' : `: ${reasons.join(', ')}`}`,
    `  jerk of actions ${number(report.actionJerk)}, of the hand ${number(report.handJerk)} m/s³`,
    `  seam discontinuity ${steps(seams)}, within chunks ${steps(within)}`,
  ];
}

function steps({ count, mean, max }: Steps): string {
  return `${number(mean)} (max ${number(max)}, ${count})`;
}

function number(value: number | null): string {
  return value === null ? '–' : value.toPrecision(3);
}
