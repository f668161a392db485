/** @file Builds the example page, serves it on this machine and prints its address: `npm run example:browser`. */

import { parseArgs } from 'node:util';
import { servePage } from './serve-page.ts';

const { values } = parseArgs({ options: { port: { type: 'string', default: '0' } } });
const { url } = await servePage(Number(values.port));
console.log(`${url}    (Ctrl+C ends it)`);
