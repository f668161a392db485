/** @file The tracked files as a stranger finds them: no paths or hosts of the machine they were made on, no dead links. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { repositoryRoot } from './shared-data.ts';

/** Larger files must be listed with the reason why the repository needs them. */
const MAX_BYTES = 1_000_000;
const LARGE: Readonly<Record<string, string>> = {
  'assets/checkpoints/quickstart/model.safetensors': 'what `npm run quickstart` makes, for those who do not wait',
  'assets/checkpoints/tabletop/model.safetensors': 'the policy that `vlakit run` shows at once',
};

const skip = fs.existsSync(path.join(repositoryRoot, '.git')) ? false : 'not a git checkout';

function tracked(): string[] {
  const listed = execFileSync('git', ['ls-files', '-z'], { cwd: repositoryRoot, encoding: 'utf8' });
  return listed.split('\0').filter((file) => file !== '' && fs.existsSync(path.join(repositoryRoot, file)));
}

/** The text of a tracked file, or null when it is binary. */
function textOf(file: string): string | null {
  const bytes = fs.readFileSync(path.join(repositoryRoot, file));
  return bytes.subarray(0, 8000).includes(0) ? null : bytes.toString('utf8');
}

function linesMatching(files: readonly string[], pattern: RegExp): string[] {
  return files.flatMap((file) =>
    (textOf(file) ?? '')
      .split('\n')
      .flatMap((line, at) => (pattern.test(line) ? [`${file}:${at + 1}: ${line.trim().slice(0, 120)}`] : [])),
  );
}

test('no path of the machine that the code was written on', { skip }, () => {
  const homes = ['work/', 'root/', 'farm/', 'tmp/[a-z]', 'home/[a-z]', 'Users/[A-Za-z]'].map((name) => `/${name}`);
  const pattern = new RegExp(`(^|[^A-Za-z0-9_.@-])(${homes.join('|')})`);
  assert.deepEqual(linesMatching(tracked(), pattern), []);
});

test('no host of a package registry, and a lock file without one', { skip }, () => {
  const hosts = ['registry\\.npm', 'deb\\.debian', 'files\\.python', 'pypi\\.org', 'proxy\\.golang'].join('|');
  const others = tracked().filter((file) => file !== 'tests/tidiness.test.ts');
  assert.deepEqual(linesMatching(others, new RegExp(hosts, 'i')), []);
  const lock = JSON.parse(fs.readFileSync(path.join(repositoryRoot, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { resolved?: string; integrity?: string }>;
  };
  const entries = Object.entries(lock.packages).filter(([at]) => at !== '');
  assert.deepEqual(
    entries.filter(([, entry]) => entry.resolved !== undefined).map(([at]) => at),
    [],
    'the lock file must serve whatever registry npm is set to',
  );
  assert.deepEqual(
    entries.filter(([, entry]) => entry.integrity === undefined).map(([at]) => at),
    [],
    'every package is pinned by its hash',
  );
});

test('the lock file holds the packages of every platform, so that npm ci works on each', () => {
  const lock = JSON.parse(fs.readFileSync(path.join(repositoryRoot, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>;
  };
  const missing = Object.entries(lock.packages).flatMap(([at, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !(`node_modules/${name}` in lock.packages) && !(`${at}/node_modules/${name}` in lock.packages))
      .map((name) => `${at} needs ${name}`),
  );
  assert.deepEqual(missing, []);
});

test('no large file without a reason', { skip }, () => {
  const large = tracked().filter((file) => fs.statSync(path.join(repositoryRoot, file)).size > MAX_BYTES);
  assert.deepEqual(
    large.filter((file) => !(file in LARGE)),
    [],
  );
  assert.deepEqual(
    Object.keys(LARGE).filter((file) => !large.includes(file)),
    [],
    'these are listed as large, but are not',
  );
});

test('the pages link to files that exist', { skip }, () => {
  const dead = tracked()
    .filter((file) => file.endsWith('.md'))
    .flatMap((file) => {
      const prose = textOf(file)!.replaceAll(/```[\s\S]*?```/g, '');
      return [...prose.matchAll(/\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"/g)]
        .map(([, link, attribute]) => (link ?? attribute)!)
        .filter((link) => !/^([a-z]+:|#)/.test(link))
        .filter((link) => !fs.existsSync(path.join(repositoryRoot, path.dirname(file), link.replace(/#.*$/, ''))))
        .map((link) => `${file}: ${link}`);
    });
  assert.deepEqual(dead, []);
});

test('the pages name npm scripts, programs and folders that exist', { skip }, () => {
  const { scripts } = JSON.parse(fs.readFileSync(path.join(repositoryRoot, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const wrong = tracked()
    .filter((file) => file.endsWith('.md'))
    .flatMap((file) => {
      const text = textOf(file)!;
      const names = [...text.matchAll(/\bnpm run (?:--?\w+ )*([\w:]+)/g)].map(([, name]) => name!);
      const programs = [...text.matchAll(/\bnode (?:--[\w-]+ )*((?:tools|bench|dist)\/[\w./-]+)/g)].map(
        ([, at]) => at!,
      );
      const missing = programs.filter((program) => {
        const source = program.replace(/^dist\//, '').replace(/\.js$/, '.ts');
        return ![program, source].some((at) => fs.existsSync(path.join(repositoryRoot, at)));
      });
      return [
        ...names.filter((name) => !(name in scripts)).map((name) => `${file}: npm run ${name}`),
        ...missing.map((program) => `${file}: node ${program}`),
      ];
    });
  assert.deepEqual(wrong, []);
});

test('the pages name files and folders that exist', { skip }, () => {
  const missing = tracked()
    .filter((file) => file.endsWith('.md') && file !== 'CHANGELOG.md')
    .flatMap((file) =>
      [...textOf(file)!.matchAll(/`((?:src|recipes|tests|tools|bench|examples|docs)\/[\w./-]+)`/g)]
        .map(([, name]) => name!)
        .filter((name) => !fs.existsSync(path.join(repositoryRoot, name)))
        .map((name) => `${file}: ${name}`),
    );
  assert.deepEqual(missing, []);
});
