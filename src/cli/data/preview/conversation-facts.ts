/** @file What is to be known of questions about images before a run: kinds, lengths in tokens, pictures. */

import { createTextTokenizer } from '../../../codec/text-tokens/text-tokenizer.ts';
import { openConversations } from '../../../data/conversations.ts';
import { familyOf } from '../../../models/families.ts';
import { requireText } from '../../../models/writer.ts';
import { readTokenizer, tokenizerFolder } from '../../../training/codec-setup.ts';
import type { ConversationsShare, TrainingRecipe } from '../../../training/recipe.ts';
import { createSheet, type SheetPicture } from './contact-sheet.ts';
import { spreadOver, tokenFacts, type TokenFacts } from './token-facts.ts';

/** A set of conversations. */
export interface ConversationFacts {
  readonly samples: number;
  /** Samples without a picture. */
  readonly textOnly: number;
  /** Kind → samples. */
  readonly kinds: Readonly<Record<string, number>>;
  readonly cameras: readonly string[];
  readonly questions: TokenFacts;
  /** Their ends included. */
  readonly answers: TokenFacts;
  readonly sheet: readonly SheetPicture[];
  readonly notes: readonly string[];
}

/** Samples whose tokens are counted; of more, evenly spread ones. */
const MAX_SAMPLES = 400;
const SHEET = 12;

/** Gathers the facts. */
export async function conversationFacts(share: ConversationsShare, recipe: TrainingRecipe): Promise<ConversationFacts> {
  const family = familyOf(recipe.model.config, 'recipe.model.config');
  // Fails as training would where the model writes no text.
  requireText(family, family.parse(recipe.model.config, 'recipe.model.config'));
  const folder = tokenizerFolder(recipe.codec.tokenizer);
  const files = readTokenizer(folder);
  const tokenizer = createTextTokenizer(files.tokenizer, files.config, folder);
  const cameras = share.cameras.map(({ name }) => name);
  const conversations = openConversations(share.root, { cameras, imageSize: recipe.data.imageSize });
  try {
    const picture = createSheet();
    const sheet: SheetPicture[] = [];
    const questions: { text: string; tokens: number }[] = [];
    const answers: { text: string; tokens: number }[] = [];
    let missing = 0;
    const shown = new Set(spreadOver(Math.min(conversations.count, MAX_SAMPLES), SHEET));
    for (const [i, index] of spreadOver(conversations.count, MAX_SAMPLES).entries()) {
      const { images, question, answer } = await conversations.sample(index);
      questions.push({ text: question, tokens: tokenizer.encode(question).length });
      answers.push({ text: answer, tokens: tokenizer.encode(answer).length + 1 });
      if (cameras.some((camera) => images[camera] === undefined)) missing++;
      if (!shown.has(i)) continue;
      for (const image of Object.values(images)) sheet.push(picture(`${question} → ${answer}`, image));
    }
    const longest = (list: typeof questions): string =>
      list.reduce((most, one) => (one.tokens > most.tokens ? one : most), { text: '', tokens: -1 }).text;
    const of = (list: typeof questions, room: number): TokenFacts =>
      tokenFacts(
        list.map(({ tokens }) => tokens),
        longest(list),
        room,
      );
    const [asked, said] = [of(questions, share.questionTokens), of(answers, share.answerTokens)];
    return {
      samples: conversations.count,
      textOnly: conversations.statistics.textOnly,
      kinds: conversations.statistics.kinds,
      cameras,
      questions: asked,
      answers: said,
      sheet,
      notes: [
        ...(asked.unfit > 0 ? [`Training will refuse ${asked.unfit} of ${asked.texts} questions: too long.`] : []),
        ...(said.unfit > 0 ? [`Training will refuse ${said.unfit} of ${said.texts} answers: too long.`] : []),
        ...(missing > 0 ? [`${missing} of ${asked.texts} samples lack a picture of ${cameras.join(' or ')}.`] : []),
      ],
    };
  } finally {
    conversations.close();
  }
}
