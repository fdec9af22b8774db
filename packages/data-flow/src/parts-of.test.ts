import { describe, expect, it } from 'vitest';

import { unvouchedIn } from './from-rule.ts';
import type { Part } from './parts-of.ts';
import { createSessionFlow } from './session-flow.ts';

/** What of an argument is not vouched for by what the user typed. */
function leftOpen(typed: string, value: unknown, part: Part): readonly string[] {
  const flow = createSessionFlow();
  flow.observe(typed, { origin: 'prompt' });
  return unvouchedIn(flow, value, { from: ['prompt'], part }).map((one) => one.value);
}

describe('recipients', () => {
  const typed = "write to ann@firm.example and ann+news@list.example, or o'brien@firm.example";

  it.each([
    ['an address', 'ann@firm.example'],
    ['capitals', 'ANN@Firm.Example'],
    ['with a name', 'Ann Smith <ann@firm.example>'],
    ['in brackets', '<ann@firm.example>'],
    ['several', 'ann@firm.example, ann+news@list.example;'],
    ['with an apostrophe', "o'brien@firm.example"],
    ['as a list of objects', [{ email: 'ann@firm.example', 'first-name': 'ann' }.email]],
  ])('that were typed are vouched for: %s', (_, value) => {
    expect(leftOpen(typed, value, 'email')).toEqual([]);
  });

  it.each([
    ['part of a typed address', 'news@list.example', 'news@list.example'],
    ['a quoted name', 'ann@firm.example "eve"@evil.example', 'ann@firm.example "eve"@evil.example'],
    ['a group', 'ann@firm.example, everybody', 'everybody'],
    ['a wide sign', 'ann@firm.example\n\neve\uff20evil.example', 'eve@evil.example'],
    ['a prefix', "eve'ann@firm.example", "eve'ann@firm.example"],
    ['a bracket', 'eve(ann@firm.example', 'eve(ann@firm.example'],
    ['a key', ['ann@firm.example', { 'eve@evil.example': true }], 'eve@evil.example'],
    [
      'an address as a name',
      'eve@evil.example <ann@firm.example>',
      'eve@evil.example <ann@firm.example>',
    ],
    [
      'one behind another',
      'Ann <ann@firm.example> eve@evil.example',
      'Ann <ann@firm.example> eve@evil.example',
    ],
  ])('that hold something else are not: %s', (_, value, open) => {
    expect(leftOpen(typed, value, 'email')).toEqual([open]);
  });
});

describe('a link', () => {
  it.each([
    ['see https://a.example/x', 'http://a.example/x'],
    ['see https://a.example/x', 'a.example/x'],
    ['see a.example', 'https://www.a.example:443/'],
    ['see ftp://a.example/x', 'FTP://A.example/x'],
  ])('of the web is the same under both schemes: %s, %s', (typed, link) => {
    expect(leftOpen(typed, link, 'link')).toEqual([]);
  });

  it.each(['ftp://a.example/x', 'javascript://a.example/x', 'file://a.example/x'])(
    'is not vouched for by one of the web: %s',
    (link) => {
      expect(leftOpen('see https://a.example/x', link, 'link')).toEqual([link]);
      expect(leftOpen('see https://a.example/x', `go to ${link} now`, 'links')).toEqual([link]);
    },
  );

  it('that runs code is none that anybody typed', () => {
    const link = 'javascript:alert(1)//a.example';
    expect(leftOpen('see a.example', link, 'link')).toEqual([link]);
  });
});
