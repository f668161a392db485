/** @file Runs what `vlakit export` wrote without vlakit: onnxruntime-node and a tokenizer are all it takes. */

import fs from 'node:fs';
import path from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import ort from 'onnxruntime-node';

/** Opens an exported folder; the function it gives turns an observation and noise into actions, one row per control period. */
export async function openPolicy(folder) {
  const json = (name) => JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8'));
  const { inputs, prompt, model } = json('policy.json');
  const tokenizer = new Tokenizer(json('tokenizer.json'), json('tokenizer_config.json'));
  const session = await ort.InferenceSession.create(path.join(folder, model));
  return async ({ images, state, instruction, noise }) => {
    const counts = [...prompt.imageTokens];
    const texts = prompt.texts.map((text) => text.replace('{instruction}', instruction));
    const ids = texts.flatMap((text) => tokenizer.encode(text, { add_special_tokens: false }).ids);
    const tokens = ids.flatMap((id) => (id === prompt.imageId ? Array(counts.shift()).fill(id) : [id]));
    const padded = [...tokens, ...Array(prompt.length - tokens.length).fill(prompt.padId)];
    const feeds = { tokens: new ort.Tensor('int64', padded, inputs.tokens.shape) };
    for (const [name, bytes] of Object.entries(images)) {
      feeds[`image.${name}`] = new ort.Tensor('uint8', bytes, inputs[`image.${name}`].shape);
    }
    feeds.state = new ort.Tensor('float32', state, inputs.state.shape);
    feeds.noise = new ort.Tensor('float32', noise, inputs.noise.shape);
    return (await session.run(feeds)).actions;
  };
}
