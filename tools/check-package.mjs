/**
 * @file Checks the package that people will install: packs it, unpacks it into an empty folder beside its required
 * dependencies ONLY (no optional ones), and there imports every module, type-checks a consumer and starts the CLI. Then installs it as a robot does, without them.
 * Run after `npm run build`: `node tools/check-package.mjs`.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The packed size a person downloads must stay below this. */
const MAX_PACKED_MB = 40;
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const npm = (args, options = {}) =>
  execFileSync('npm', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], ...options });

function fail(message) {
  console.error(`✖ ${message}`);
  process.exitCode = 1;
}

const manifest = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-package-'));
try {
  const [packed] = JSON.parse(npm(['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: root }));
  const files = packed.files.map((file) => file.path);
  const megabytes = packed.size / 1e6;
  console.log(`${packed.filename}: ${files.length} files, ${megabytes.toFixed(1)} MB packed`);
  if (megabytes > MAX_PACKED_MB) fail(`expected at most ${MAX_PACKED_MB} MB, got ${megabytes.toFixed(1)} MB`);
  for (const wanted of ['README.md', 'LICENSE', ...Object.values(manifest.bin)]) {
    if (!files.includes(wanted)) fail(`expected ${wanted} in the package; it is not there`);
  }
  const stray = files.filter((file) => /\.test\.|^dist\/(tests|bench|examples)\//.test(file));
  if (stray.length > 0) fail(`expected no tests in the package, got ${stray.join(', ')}`);

  const modules = path.join(folder, 'node_modules');
  fs.mkdirSync(modules);
  execFileSync('tar', ['-xf', path.join(folder, packed.filename), '-C', modules]);
  fs.renameSync(path.join(modules, 'package'), path.join(modules, manifest.name));
  linkRequired(modules);
  importAll(folder, files);
  typeCheck(folder, files);
  installWithoutOptional(path.join(folder, packed.filename));
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}

/** What a machine beside a robot does: `npm install --omit=optional`. Says how long it took and how much it brought. */
function installWithoutOptional(tarball) {
  const place = path.join(folder, 'robot');
  fs.mkdirSync(place);
  fs.writeFileSync(path.join(place, 'package.json'), '{"private":true}');
  const flags = ['--omit=optional', '--omit=dev', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
  const start = performance.now();
  try {
    npm(['install', ...flags, tarball], { cwd: place, timeout: 120_000 });
  } catch {
    console.log('npm install --omit=optional was not tried: its packages are neither in the cache nor in reach');
    return;
  }
  const seconds = (performance.now() - start) / 1000;
  const modules = path.join(place, 'node_modules');
  const brought = Object.keys(manifest.optionalDependencies).filter((name) => fs.existsSync(path.join(modules, name)));
  if (brought.length > 0) fail(`expected no optional packages after --omit=optional, got ${brought.join(', ')}`);
  const bytes = fs
    .readdirSync(modules, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + fs.statSync(path.join(entry.parentPath ?? entry.path, entry.name)).size, 0);
  console.log(`npm install --omit=optional: ${seconds.toFixed(1)} s, ${(bytes / 1e6).toFixed(0)} MB`);
}

/** Links what `npm install --omit=optional --omit=dev` would install. */
function linkRequired(modules) {
  const lock = JSON.parse(fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8'));
  for (const [at, entry] of Object.entries(lock.packages)) {
    if (at === '' || entry.dev || entry.optional || entry.devOptional) continue;
    const name = at.replace(/^node_modules\//, '');
    if (name.includes('/node_modules/')) continue; // comes with its parent's folder
    fs.mkdirSync(path.dirname(path.join(modules, name)), { recursive: true });
    fs.symlinkSync(fs.realpathSync(path.join(root, 'node_modules', name)), path.join(modules, name));
  }
}

/** The modules that importing does not run: everything but programs and worker entries. */
function libraryModules(files) {
  return files
    .filter((file) => file.startsWith('dist/src/') && file.endsWith('.js'))
    .filter((file) => !/(^|[/-])(worker|main)\.js$/.test(file))
    .map((file) => file.slice('dist/src/'.length, -'.js'.length))
    .map((name) => name.replace(/^(engine|simulation\/tabletop)\/index$/, '$1'));
}

function importAll(folder, files) {
  const names = libraryModules(files);
  const program = `
    const failed = [];
    for (const name of ${JSON.stringify(names)}) {
      try { await import('${manifest.name}/' + name); } catch (error) { failed.push(name + ': ' + error.message); }
    }
    console.log(JSON.stringify(failed));
    process.exit(0);`;
  fs.writeFileSync(path.join(folder, 'import-all.mjs'), program);
  const failed = JSON.parse(execFileSync(process.execPath, ['import-all.mjs'], { cwd: folder, encoding: 'utf8' }));
  for (const line of failed) fail(`${manifest.name}/${line}`);
  console.log(`${names.length - failed.length} of ${names.length} modules import without the optional packages`);
  if (!files.includes(manifest.bin.vlakit)) return;
  const bin = path.join('node_modules', manifest.name, manifest.bin.vlakit);
  const help = execFileSync(process.execPath, [bin, '--help'], { cwd: folder, encoding: 'utf8' });
  if (!help.includes('vlakit')) fail(`expected \`vlakit --help\` to name the program, got: ${help.slice(0, 200)}`);
}

/** The declarations must make sense to a strict consumer that does not skip library checks. */
function typeCheck(folder, files) {
  const names = libraryModules(files);
  const text = names.map((name, i) => `import type * as m${i} from '${manifest.name}/${name}';`).join('\n');
  fs.writeFileSync(
    path.join(folder, 'consumer.ts'),
    `${text}\nexport type All = [${names.map((_, i) => `typeof m${i}`).join(', ')}];\n`,
  );
  fs.writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
  for (const types of ['@types/node', 'undici-types', ...Object.keys(manifest.optionalDependencies)]) {
    const at = path.join(root, 'node_modules', types);
    const to = path.join(folder, 'node_modules', types);
    if (!fs.existsSync(at) || fs.existsSync(to)) continue;
    fs.mkdirSync(path.dirname(to), { recursive: true });
    fs.symlinkSync(fs.realpathSync(at), to);
  }
  const compiler = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const flags = [
    '--noEmit',
    '--pretty',
    'false',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2023',
    '--types',
    'node',
  ];
  flags.push('--lib', 'es2023,dom', 'consumer.ts');
  const { stdout } = spawnSync(process.execPath, [compiler, ...flags], { cwd: folder, encoding: 'utf8' });
  // Other packages' declarations are theirs to mend.
  const ours = stdout
    .split('\n')
    .filter((line) => line.startsWith('consumer') || line.includes(`${manifest.name}/dist/`));
  if (ours.length > 0) fail(`the declarations do not type-check in a consumer:\n${ours.join('\n')}`);
  else console.log('the declarations type-check in a consumer');
}
