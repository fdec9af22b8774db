import { RE2JS } from 're2js';

import type { RegexEngine } from './regex-engine.ts';

export function regexEngine(): RegexEngine {
  return RE2JS;
}
