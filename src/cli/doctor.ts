/** @file `vlakit doctor`: what this machine can do, what is missing, and the cure. */

import process from 'node:process';
import type { Command } from 'commander';
import { examine, type Finding, type Verdict } from './doctor/checks.ts';

const COLOURS: Readonly<Record<Verdict, number>> = { ok: 32, warn: 33, fail: 31 };
const NAME_WIDTH = 26;

/** Adds the options and the action. */
export function define(command: Command): void {
  command.option('--json', 'print the findings as JSON').action(async ({ json }: { readonly json?: true }) => {
    const findings: Finding[] = [];
    const colour = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
    for await (const finding of examine(process.cwd())) {
      findings.push(finding);
      if (!json) process.stdout.write(findingLine(finding, colour));
    }
    const failed = findings.filter(({ verdict }) => verdict === 'fail');
    if (json) process.stdout.write(`${JSON.stringify({ ok: failed.length === 0, findings }, null, 2)}\n`);
    else process.stdout.write(`\n${closing(findings)}\n`);
    if (failed.length > 0) process.exitCode = 1;
  });
}

/** One aligned line, and the cure below it. */
export function findingLine({ name, verdict, detail, cure }: Finding, colour: boolean): string {
  const word = verdict.padEnd(4);
  const painted = colour ? `\u001b[${COLOURS[verdict]}m${word}\u001b[0m` : word;
  const line = `${painted}  ${name.padEnd(NAME_WIDTH)}  ${detail}\n`;
  return cure === null ? line : `${line}${' '.repeat(8 + NAME_WIDTH)}→ ${cure}\n`;
}

function closing(findings: readonly Finding[]): string {
  const count = (verdict: Verdict): number => findings.filter((finding) => finding.verdict === verdict).length;
  if (count('fail') > 0) return `${count('fail')} essential thing(s) missing: see the cures above.`;
  if (count('warn') > 0) return 'Ready: record, train and evaluate will work; see the remarks above.';
  return 'Ready: everything works.';
}
