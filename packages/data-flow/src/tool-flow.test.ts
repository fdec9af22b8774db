import { type Fact, factsOf } from '@guardstile/core';
import { expect, it } from 'vitest';

import { defaultOrigin, sinksOf } from './tool-flow.ts';

// The table of the README.
it.each<[Fact | undefined, readonly string[], string]>([
  ['network', ['egress'], 'untrusted:web'],
  ['sendEmail', ['egress'], 'untrusted:mail'],
  ['executeCode', ['code', 'egress'], 'untrusted'],
  [undefined, ['egress'], 'untrusted'],
  ['money', ['money'], 'untrusted'],
  ['writeFile', ['store'], 'untrusted'],
  ['databaseWrite', ['store'], 'untrusted'],
  ['readFile', [], 'untrusted:file'],
  ['databaseRead', [], 'untrusted:records'],
  ['readOnly', [], 'untrusted'],
  ['nonDestructive', [], 'untrusted'],
  ['edit', [], 'untrusted'],
  ['destructive', [], 'untrusted'],
])('says where a tool leads and what it brings by its facts: %s', (stated, sinks, origin) => {
  const facts = factsOf('post_it', { stated });
  expect([...sinksOf({ name: 'post_it', facts, flow: {} })].sort()).toEqual(sinks);
  expect(defaultOrigin(facts)).toBe(origin);
  expect(sinksOf({ name: 'post_it', facts, flow: { sinks: ['egress'] } })).toEqual(['egress']);
});
