/** @file The test page's program: puts the checks where the test can call them. */

import { CHECKS } from './checks.ts';

Object.assign(globalThis, { CHECKS });
