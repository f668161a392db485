/** @file The little flat world of the tests keeps the contract of environments too. */

import { environmentContract } from '../contracts/environment.ts';
import { openEnvironment } from './flatland.ts';

environmentContract('flatland', { open: () => openEnvironment({ imageSize: 24 }), unseenPerturbations: ['wind'] });
