/** @file The example page: controls on this side, simulation, inference and drawing in two workers. */

import type { Order, Report, ViewSetup, WebRuntime } from './messages.ts';

/** At most so many sentences are offered. */
const MOST_IDEAS = 6;

const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const [instruction, seed] = [element<HTMLInputElement>('instruction'), element<HTMLInputElement>('seed')];
const [scene, policy, runtime, pace] = ['scene', 'policy', 'runtime', 'pace'].map((id) =>
  element<HTMLSelectElement>(id),
) as [HTMLSelectElement, HTMLSelectElement, HTMLSelectElement, HTMLSelectElement];
const [go, stop, again, next] = ['go', 'stop', 'again', 'next'].map((id) => element<HTMLButtonElement>(id)) as [
  HTMLButtonElement,
  HTMLButtonElement,
  HTMLButtonElement,
  HTMLButtonElement,
];

const worker = (name: string): Worker => new Worker(new URL(`./${name}.js`, import.meta.url), { type: 'module', name });
const [control, view] = [worker('control-worker'), worker('view-worker')];
const order = (message: Order, transfer: Transferable[] = []): void => control.postMessage(message, transfer);

let judged = true;
let opened = false;

function connect(): void {
  const { port1, port2 } = new MessageChannel();
  const canvases = Object.fromEntries(
    ['front', 'wrist'].map((camera) => [camera, element<HTMLCanvasElement>(camera).transferControlToOffscreen()]),
  );
  view.postMessage({ line: port1, canvases } satisfies ViewSetup, [port1, ...Object.values(canvases)]);
  order({ kind: 'connect', view: port2 }, [port2]);
}

function open(): void {
  opened = false;
  go.disabled = true;
  hideProblem();
  say('Loading the policy …');
  for (const id of ['chunks', 'p50', 'p99', 'steps', 'loaded']) element(id).textContent = '–';
  order({ kind: 'open', url: new URL(policy.value, location.href).href, runtime: runtime.value as WebRuntime });
}

function show(): void {
  hideProblem();
  order({ kind: 'scene', task: scene.value, seed: Math.max(0, Math.floor(Number(seed.value)) || 0) });
}

function ask(): void {
  const sentence = instruction.value.trim();
  if (sentence === '' || !opened) return;
  hideProblem();
  order({ kind: 'ask', sentence });
}

function say(text: string, tone: 'good' | 'bad' | 'plain' | 'quiet' = 'quiet'): void {
  const outcome = element('outcome');
  outcome.textContent = text;
  outcome.dataset['tone'] = tone;
}

function hideProblem(): void {
  element('problem').hidden = true;
}

/** The reports, each with what it changes on the page. */
const ON: { readonly [K in Report['kind']]: (report: Report & { kind: K }) => void } = {
  opened({ seconds }) {
    opened = true;
    go.disabled = false;
    element('loaded').textContent = `${seconds.toFixed(1)} s`;
    say('Ready. Type an instruction, or take one below.');
  },
  scene(report) {
    again.disabled = false;
    next.disabled = false;
    instruction.value = report.instruction;
    offer(report.sentences);
    if (opened) say('Ready. Type an instruction, or take one below.');
  },
  asked({ task }) {
    judged = task !== null;
    stop.disabled = false;
  },
  acting({ seconds, speed }) {
    const unjudged = judged ? '' : ' (not a sentence that this scene can be judged by: the policy tries all the same)';
    say(`“${instruction.value.trim()}” … ${seconds.toFixed(1)} s${unjudged}`, 'plain');
    element('chunks').textContent = speed.chunksPerSecond.toFixed(1);
    element('steps').textContent = speed.stepsPerSecond.toFixed(0);
    element('p50').textContent = `${speed.p50Ms.toFixed(1)} ms`;
    element('p99').textContent = `${speed.p99Ms.toFixed(1)} ms`;
  },
  ended({ outcome, seconds }) {
    stop.disabled = true;
    const time = `${seconds.toFixed(1)} s`;
    if (outcome === 'success') say(`Success after ${time}.`, 'good');
    else if (outcome === 'wrong') say(`Wrong: it was done with another thing, after ${time}.`, 'bad');
    else if (outcome === 'failure') say(`Failed: something fell off the table, after ${time}.`, 'bad');
    else if (outcome === 'timeout') say(judged ? `Not done in time (${time}).` : `The time is over (${time}).`, 'bad');
    else say(`Stopped after ${time}.`, 'plain');
  },
  problem({ message, hint }) {
    stop.disabled = true;
    const problem = element('problem');
    problem.textContent = hint === null ? message : `${message} ${hint}`;
    problem.hidden = false;
    say(opened ? 'Ready for another instruction.' : 'Nothing can act yet.');
  },
};

/** Buttons with sentences, one for each task and thing as far as there is room. */
function offer(sentences: readonly string[]): void {
  // Every fourth: a task has four phrasings of each meaning.
  const meanings = sentences.filter((_, i) => i % 4 === Math.floor(i / 4) % 4);
  const every = Math.max(1, Math.ceil(meanings.length / MOST_IDEAS));
  element('ideas').replaceChildren(
    ...meanings
      .filter((_, i) => i % every === 0)
      .map((sentence) => {
        const button = document.createElement('button');
        button.type = 'button';
        button.textContent = sentence;
        button.onclick = (): void => {
          instruction.value = sentence;
          ask();
        };
        return button;
      }),
  );
}

/** Why WebGPU cannot be used here, or null. */
async function webGpuMissing(): Promise<string | null> {
  const { gpu } = navigator as { gpu?: { requestAdapter(): Promise<unknown> } };
  if (gpu === undefined) return 'This browser does not offer WebGPU; the policy runs on WebAssembly.';
  const adapter = await gpu.requestAdapter().catch(() => null);
  return adapter ? null : 'This browser finds no graphics card for WebGPU; the policy runs on WebAssembly.';
}

async function start(): Promise<void> {
  const query = new URLSearchParams(location.search);
  const missing = await webGpuMissing();
  if (missing !== null) {
    element<HTMLOptionElement>('webgpu').disabled = true;
    element('webgpu-missing').textContent = missing;
    element('webgpu-missing').hidden = false;
  }
  const chosen = query.get('policy');
  if (chosen !== null && ![...policy.options].some(({ value }) => value === chosen)) {
    policy.add(new Option(chosen, chosen));
  }
  for (const [name, control] of Object.entries({ policy, scene, seed, runtime, pace })) {
    const value = query.get(name);
    if (value !== null && !(value === 'webgpu' && missing !== null)) control.value = value;
  }
  connect();
  order({ kind: 'pace', realTime: pace.value === 'real' });
  show();
  open();
}

control.onmessage = ({ data }: MessageEvent<Report>): void => (ON[data.kind] as (report: Report) => void)(data);
control.onerror = ({ message }): void => ON.problem({ kind: 'problem', message, hint: null });
element('ask').onsubmit = (event): void => {
  event.preventDefault();
  ask();
};
stop.onclick = (): void => order({ kind: 'stop' });
again.onclick = show;
next.onclick = (): void => {
  seed.value = String(Number(seed.value) + 1);
  show();
};
scene.onchange = show;
seed.onchange = show;
policy.onchange = open;
runtime.onchange = open;
pace.onchange = (): void => order({ kind: 'pace', realTime: pace.value === 'real' });
await start();
