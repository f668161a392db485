/**
 * @file The contract of families that write text: what they write with a cache is what whole passes over the prompt say, and a
 * policy that reasons acts as a direct one would whose prompt holds the same text.
 */

import assert from 'node:assert/strict';
import test from 'node:test';
import { readJson } from '../../src/base/files.ts';
import { Random } from '../../src/base/random.ts';
import { shippedFile } from '../../src/base/shipped-file.ts';
import type { Tensor } from '../../src/base/tensor.ts';
import { createCodec, type Codec } from '../../src/codec/policy-codec.ts';
import { createSession, input, output, trace, type Session, type Value } from '../../src/engine/index.ts';
import type { Observation } from '../../src/interfaces/observation.ts';
import type { Policy } from '../../src/interfaces/policy.ts';
import type { AnyFamily, FamilyConfig, FamilyText } from '../../src/models/family.ts';
import { createFlowPolicy } from '../../src/models/flow-policy.ts';
import { modelSpec, observationNames, promptInputs } from '../../src/models/flow-trainable.ts';
import { policyMode, type PolicyMode, type ReasoningMode } from '../../src/models/policy-mode.ts';
import { extendPrompt, reasoningCodec } from '../../src/models/reasoning.ts';
import { linear } from '../../src/nn/linear.ts';
import { asWeights, flatten, mapTree, materialise, type ParameterSpec, type Tree } from '../../src/nn/parameters.ts';
import { tinyRobot, tinySample } from '../codec-fixtures.ts';
import { familyCodec } from './family-learning.ts';

const TOKENS = 8;
const SETTINGS = { steps: 2, noiseScale: 1, session: { runtime: 'cpu', threads: 1 } } as const;
const observation: Observation = tinySample(5);

/** A model with causal attention, its weights and a codec with room for text. */
interface Writer {
  readonly family: AnyFamily;
  readonly text: FamilyText<FamilyConfig>;
  readonly config: FamilyConfig;
  readonly codec: Codec;
  readonly weights: Readonly<Record<string, Tensor>>;
  readonly mode: ReasoningMode;
}

/** What a model is made of, without what tiny ones add to the prompt. */
const plain = (config: FamilyConfig): FamilyConfig => ({
  ...config,
  prompt: { ...config.prompt, stateToken: false, learnedPositions: false },
});

function writer(family: AnyFamily, change: (tiny: FamilyConfig) => FamilyConfig): Writer {
  const { codec: short, config: tiny } = familyCodec(family, {}, null);
  const { prompt } = short.config;
  const longer = { ...short.config, prompt: { ...prompt, maxTokens: prompt.maxTokens + 24 } };
  const codec = createCodec(longer, short.tokenizer);
  const changed = change(tiny);
  const config = family.parse({ ...changed, prompt: { ...changed.prompt, attention: 'causal' } }, 'writer');
  const weights = Object.fromEntries(flatten<Tensor>(materialise(modelSpec(family, config, codec), new Random(3))));
  for (const [name, { data }] of Object.entries(weights)) {
    // With large embeddings a tied head says the same token again and again.
    if (name.endsWith('embed_tokens.weight')) for (let i = 0; i < data.length; i++) (data as Float32Array)[i]! *= 0.05;
  }
  const cue = family.text!.reasoning?.cue ?? 'First say what you do:';
  const settings = { kind: 'reason', cue, stopTokens: ['<|pad|>'], maxTokens: TOKENS };
  const mode = policyMode(settings, family, config, 'writer') as ReasoningMode;
  return { family, text: family.text!, config, codec, weights, mode };
}

function open({ family, config, weights }: Writer, codec: Codec, mode: PolicyMode): Promise<Policy> {
  return createFlowPolicy({ ...SETTINGS, name: 'tiny', family, config, codec, weights, embodiment: tinyRobot, mode });
}

/** The whole prompt in one pass: the codec's tensors to the logits [T, V] behind each token. */
function wholePass({ family, text, config, weights }: Writer, codec: Codec): Promise<Session> {
  const offered = codec.observationInputs(1);
  const { length } = codec.layout;
  const graph = trace(() => {
    const p = asWeights<Tree<ParameterSpec>>(family.spec(config, length)) as Tree<Value>;
    const names = observationNames(family, config, codec, false);
    const read = names.map((name): [string, Value] => [name, input(name, offered[name]!.dtype, offered[name]!.shape)]);
    const encoded = family.encode(p, promptInputs(codec, Object.fromEntries(read)), codec.layout, config);
    const leaves = Object.fromEntries(flatten<Value>(p));
    const part = text.model(config, length).text;
    const bound = part.bind(mapTree<Tree<ParameterSpec>, ParameterSpec, Value>(part.spec, (_, name) => leaves[name]!));
    output('logits', linear(bound.head, encoded.hidden));
  });
  return createSession(graph, { ...SETTINGS.session, weights });
}

/** Token after token, each the likeliest behind a pass over all before it. */
async function writeWithoutCache(subject: Writer, codec: Codec): Promise<{ count: number; tokens: number[] }> {
  const session = await wholePass(subject, codec);
  const tensors = codec.encodeObservation(observation);
  const count = (tensors['tokenMask']!.data as Float32Array).reduce((a, b) => a + b);
  const { vocabulary } = subject.config.language;
  const tokens: number[] = [];
  while (tokens.length < TOKENS) {
    const all: Record<string, Tensor> = { ...tensors, ...extendPrompt(tensors, count, tokens) };
    const feeds = Object.fromEntries(Object.keys(session.inputs).map((name) => [name, all[name]!]));
    const logits = (await session.run(feeds))['logits']!.data as Float32Array;
    const last = logits.subarray((count + tokens.length - 1) * vocabulary).subarray(0, vocabulary);
    tokens.push(last.indexOf(Math.max(...last)));
  }
  await session.close();
  return { count, tokens };
}

/** A codec that puts `tokens` behind every prompt. */
const saying = (codec: Codec, count: number, tokens: readonly number[]): Codec => ({
  ...codec,
  encodeObservation(seen) {
    const tensors = codec.encodeObservation(seen);
    return { ...tensors, ...extendPrompt(tensors, count, tokens) };
  },
});

/** The token of an id, as the tokenizer's file has it. */
function tokenOf(id: number): string {
  const { model, added_tokens } = readJson<{
    model: { vocab: Record<string, number> };
    added_tokens: readonly { id: number; content: string }[];
  }>(shippedFile('tokenizers/tabletop/tokenizer.json'));
  const added = added_tokens.find((token) => token.id === id)?.content;
  return added ?? Object.entries(model.vocab).find(([, at]) => at === id)![0];
}

async function infer(policy: Policy, seed: number) {
  await policy.reset({ seed });
  const { data, reasoning } = await policy.infer(observation);
  return { actions: [...data], reasoning };
}

/** Registers the tests of the contract for one family; `bare` makes a tiny model's configuration one without additions to the prompt. */
export function familyTextContract(family: AnyFamily, bare = plain): void {
  const same = (config: FamilyConfig): FamilyConfig => config;
  for (const [name, change] of [
    ['as tiny models are', same],
    ['as published', bare],
  ] as const) {
    test(`${family.name}, ${name}: reasoning is written and read as if it had stood in the prompt`, async (t) => {
      const subject = writer(family, change);
      const codec = reasoningCodec(subject.codec, subject.mode, subject.config.prompt);
      const { count, tokens } = await writeWithoutCache(subject, codec);
      const stop = tokens.findIndex((token, i) => i >= 3 && tokens.indexOf(token) === i);
      assert.ok(stop > 0, `${tokens.join(' ')}: expected words that do not repeat`);
      for (const [stopTokens, read, said] of [
        [['<|pad|>'], tokens, tokens],
        [[tokenOf(tokens[stop]!)], tokens.slice(0, stop + 1), tokens.slice(0, stop)],
      ] as const) {
        const [reasoning, direct] = await Promise.all([
          open(subject, subject.codec, { ...subject.mode, stopTokens }),
          open(subject, saying(codec, count, read), { kind: 'direct' }),
        ]);
        t.after(() => Promise.all([reasoning.close(), direct.close()]));
        const [a, b] = [await infer(reasoning, 1), await infer(direct, 1)];
        assert.equal(a.reasoning, codec.tokenizer.decode(said));
        assert.equal(b.reasoning, undefined);
        assert.deepEqual(a.actions, b.actions);
      }
    });
  }

  test(`${family.name}: a seed names a drawn reasoning, and a direct policy does not hear of it`, async (t) => {
    const subject = writer(family, same);
    const sampling = { kind: 'top-p', p: 1, temperature: 1 } as const;
    const reasoning = await open(subject, subject.codec, { ...subject.mode, sampling });
    const direct = await open(subject, subject.codec, { kind: 'direct' });
    t.after(() => Promise.all([reasoning.close(), direct.close()]));
    const [first, other, again] = [await infer(reasoning, 1), await infer(reasoning, 2), await infer(reasoning, 1)];
    assert.deepEqual(again, first);
    assert.notEqual(other.reasoning, first.reasoning);
    assert.notDeepEqual((await infer(direct, 1)).actions, first.actions);
    await reasoning.reset({ seed: 1 });
    const both = await Promise.all([reasoning.infer(observation), reasoning.infer(observation)]);
    assert.equal(both[0].reasoning, first.reasoning);
    assert.notEqual(both[1].reasoning, first.reasoning);
  });

  test(`${family.name}: what leaves no room for reasoning is refused before anything is written`, async (t) => {
    const subject = writer(family, same);
    const policy = await open(subject, subject.codec, subject.mode);
    t.after(() => policy.close());
    const codec = reasoningCodec(subject.codec, subject.mode, subject.config.prompt);
    let instruction = 'lift';
    const fits = (words: string): boolean => {
      try {
        codec.checkInstruction(words);
        return true;
      } catch {
        return false;
      }
    };
    while (fits(`${instruction} it it`)) instruction += ' it';
    await assert.rejects(policy.infer({ ...observation, instruction }), {
      code: 'bad-argument',
      message: /^reasoning: expected 8 free places behind the prompt's \d+ tokens, got \d of \d+\.$/,
    });
    assert.ok((await policy.infer(observation)).reasoning !== undefined);
    await assert.rejects(open(subject, subject.codec, { ...subject.mode, maxTokens: 500 }), { code: 'bad-argument' });
    await assert.rejects(open(subject, subject.codec, { ...subject.mode, stopTokens: ['<|im_ende|>'] }), {
      code: 'not-found',
      message: /"<\|im_ende\|>"/,
    });
    const bidirectional = {
      ...subject.config,
      prompt: { ...subject.config.prompt, attention: 'bidirectional' },
    } as const;
    await assert.rejects(open({ ...subject, config: bidirectional }, subject.codec, subject.mode), {
      code: 'unsupported',
      message: /prompt\.attention "causal"/,
    });
  });
}
