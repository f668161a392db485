/**
 * @file Nobody gets past the safety gate: only `src/runtime/safety` tells a robot to move or to stop, and strategies, protocols and loops never
 * hold a robot that has no gate.
 */

import assert from 'node:assert/strict';
import test from 'node:test';
import { isTest, parseSource, sourceFiles, type SourceFile } from './source-files.ts';

const GATE = 'src/runtime/safety/';
const ROBOT = 'src/interfaces/robot.ts';
/** Files that make robots, and those that hand them to a gate: they may know the type, and not its motors. */
const MAY_KNOW_ROBOTS = /^(src\/drivers\/|src\/runtime\/simulated-robot\.ts$|src\/cli\/|recipes\/)/;

/** Calls of a motor, by whatever way of writing: `x.actuate(`, `x?.actuate`, `x['actuate']`, `{ actuate } = x`. */
const ACTUATE = /(?:\.|\[\s*['"`])actuate\b|\{[^{}()]*\bactuate\b[^{}()]*\}\s*=[^=>]/g;
const STOP =
  /\b(?:\w*[rR]obot\w*|arm|body)\s*[!?]?\s*(?:\.|\[\s*['"`])stop\b|\{[^{}()]*\bstop\b[^{}()]*\}\s*=\s*[\w.]*[rR]obot\b/g;

function offences(source: SourceFile): string[] {
  const { file, code, imports } = source;
  if (file.startsWith(GATE)) return [];
  const found = [...code.matchAll(ACTUATE), ...code.matchAll(STOP)].map(([what]) => `${file}: ${what}`);
  for (const { target, kind } of imports) {
    if (target !== ROBOT) continue;
    const names = importedNames(source, 'robot.ts');
    if (names.includes('Robot') && !MAY_KNOW_ROBOTS.test(file)) found.push(`${file}: knows robots without a gate`);
    if (kind !== 'type') found.push(`${file}: imports more than types of robots`);
  }
  // The link and what is behind it is the gate's own.
  for (const { target, specifier } of imports) {
    if (target === `${GATE}link.ts`) found.push(`${file}: ${specifier}`);
  }
  return found;
}

function importedNames({ code }: SourceFile, file: string): string[] {
  const found = new RegExp(`\\{([^}]*)\\}\\s*from\\s*['"][^'"]*${file.replace('.', '\\.')}['"]`, 'g');
  return [...code.matchAll(found)].flatMap(([, names]) =>
    names!.split(',').map((name) => name.trim().split(/\s+as\s+/)[0]!),
  );
}

const product = sourceFiles('src', 'recipes').filter(({ file }) => !isTest(file));

test('only the safety gate tells a robot to move or to stop', () => {
  assert.deepEqual(product.flatMap(offences), []);
});

test('in the safety gate, one file does', () => {
  const talkers = product.filter(({ file, code }) => file.startsWith(GATE) && /\.actuate\b|robot\.stop\b/.test(code));
  assert.deepEqual(
    talkers.map(({ file }) => file),
    [`${GATE}link.ts`],
  );
});

test('what a loop holds has no way to the motors', () => {
  const seam = product.find(({ file }) => file === 'src/runtime/gate.ts')!;
  assert.doesNotMatch(seam.bare, /\bactuate\b|\bRobot\b|\brobot\b\s*[:?]/);
  const gate = product.find(({ file }) => file === `${GATE}safety-gate.ts`)!;
  // Its fields that lead to the robot are private, and nothing hands them out.
  for (const field of ['link', 'connectRobot']) {
    assert.match(gate.bare, new RegExp(`private readonly ${field}\\b`));
    assert.doesNotMatch(gate.bare, new RegExp(`return this\\.${field}\\s*;`));
  }
});

test('the check sees every way past the gate', () => {
  const strategy = (text: string): string[] => offences(parseSource('src/runtime/strategies/x.ts', text));
  assert.equal(strategy('await robot.actuate(action);').length, 1);
  assert.equal(strategy("await robot['actuate'](action);").length, 1);
  assert.equal(strategy('const { actuate } = robot;').length, 1);
  assert.equal(strategy('const send = anything?.actuate.bind(anything);').length, 1);
  assert.equal(strategy('await this.robot.stop();').length, 1);
  assert.equal(strategy('const { stop } = this.robot;').length, 1);
  assert.equal(strategy("import type { Robot } from '../../interfaces/robot.ts';").length, 1);
  assert.equal(strategy("import type { Measurement, Robot as R } from '../../interfaces/robot.ts';").length, 1);
  assert.equal(strategy("import { Link } from '../safety/link.ts';").length, 1);
  assert.deepEqual(
    strategy("import type { Measurement } from '../../interfaces/robot.ts';\nawait gate.stop('x');"),
    [],
  );
  const driver = 'class Arm implements Robot { async actuate(action: Float32Array) {} async stop() {} }';
  assert.deepEqual(offences(parseSource('src/drivers/arm.ts', driver)), []);
  assert.equal(offences(parseSource('src/cli/teleoperate.ts', 'robot.actuate(action)')).length, 1);
});
