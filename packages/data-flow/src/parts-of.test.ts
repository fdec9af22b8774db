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
    ['with a name in quotes', '"Smith, Ann" <ann@firm.example>, ann+news@list.example'],
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
    ['a wide sign', 'ann@firm.example\n\neve\uff20evil.example', 'eve\uff20evil.example'],
    ['what nobody sees', 'ann@fi\u200brm.example', 'ann@fi\u200brm.example'],
    ['letters of another width', 'ａnn@firm.example', 'ａnn@firm.example'],
    [
      'a name of another address',
      '"eve@evil.example" <ann@firm.example>',
      '"eve@evil.example" <ann@firm.example>',
    ],
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

  it.each([
    ['see https://a.example/x/', 'https://a.example/x'],
    ['see https://a.example/x.', 'https://a.example/x'],
    ['see https://a.example/x/.', 'https://a.example/x'],
    ['see https://a.example/x/...', 'https://a.example/x'],
    ['see https://a.example/x, then', 'https://a.example/x'],
    ['see (https://a.example/x)', 'https://a.example/x'],
    ['see "https://a.example/x"', 'https://a.example/x'],
    ['see https://a.example/page#top', 'https://a.example/page'],
    ['see https://A.example/X', 'https://a.EXAMPLE/X'],
  ])('ends where a link ends: %s, %s', (typed, link) => {
    expect(leftOpen(typed, link, 'link')).toEqual([]);
  });

  it.each([
    ['see github.example/alice/tools', 'github.example/alice'],
    ['see github.example/alice?tab=all', 'github.example/alice'],
    ['see github.example/alice-smith', 'github.example/alice'],
    ['see bit.example/3xYzAbC', 'bit.example/3XyZaBc'],
    ['see a.example/report', 'a.example/report/..'],
    ['see a.example and report', 'a.example/report'],
    ['see a.example/login and use token abcdef12345', 'a.example/login?token=abcdef12345'],
  ])('is another one than one that goes on, or has other capitals: %s, %s', (typed, link) => {
    expect(leftOpen(typed, `https://${link}`, 'link')).toEqual([link]);
    expect(leftOpen(typed, `go to ${link}`, 'links')).toEqual([link]);
  });

  it('is looked up as it is written', () => {
    const link = 'https://a.exa\u200bmple/page';
    expect(leftOpen('see https://a.example/page', link, 'link')).toEqual([link]);
    expect(leftOpen('see https://a.example/page', `go to ${link} now`, 'links')).toEqual([link]);
  });

  it('that runs code is none that anybody typed', () => {
    const link = 'javascript:alert(1)//a.example';
    expect(leftOpen('see a.example', link, 'link')).toEqual([link]);
  });
});

describe('links in a text', () => {
  it.each([
    'http:/1.2.3.4/x',
    'http:\\\\1.2.3.4\\x',
    'http:2130706433/x',
    '//1.2.3.4/x',
    '//localhost/x',
    '\\\\server.example\\share',
    '//[::1]/x',
    '1.2.3.4/x',
    '1.2.3.4:8080',
    'http://[::1]/x',
    'http:&#47;&#47;1.2.3.4/x',
    'https&colon;//evil&period;example',
    'http:%2f%2f1.2.3.4',
    'evil%2eexample',
    'evil&#37;2eexample',
    'data:text/html;base64,AAAA',
    'javascript:alert(1)',
    'मेल.भारत/x',
  ])('are found in other spellings: %s', (link) => {
    for (const text of [link, `[x](${link})`, `<img src="${link}">`, `see ${link}, please`]) {
      expect(leftOpen('hello there', text, 'links')).not.toEqual([]);
    }
  });

  it.each([
    'a // comment',
    'and/or',
    'at 12:30',
    'data: 5 of 7',
    'version 1.2.3',
    'C:\\Users\\bob',
    '5.5/10',
  ])('are not found in %s', (text) => {
    expect(leftOpen('hello there', text, 'links')).toEqual([]);
  });
});

describe('a host', () => {
  it.each([
    'http://a.example\\@evil.example/',
    'http://a.example@evil.example/',
    'http://evil.example\\.a.example/',
  ])('is not read where programs read it differently: %s', (url) => {
    expect(leftOpen('see a.example', url, 'host')).toEqual([url]);
  });

  it('is that of a longer link too', () => {
    expect(leftOpen('see https://a.example/b/c?d', 'http://A.example/other', 'host')).toEqual([]);
  });
});

describe('an amount', () => {
  it.each([['20'], [20], ['€20'], ['20 EUR'], ['20.00'], ['20, 12345']])(
    'counts when it was typed, however small: %s',
    (value) => {
      expect(leftOpen('pay 20 euro, then 12345', value, 'amount')).toEqual([]);
    },
  );

  it.each([
    '12345 million',
    '12345e12345',
    '12345k',
    '12345 20',
    '12345\u0660\u0660',
    '12345%',
    '12345 MLN',
    '-12345',
  ])('is more than its digits: %s', (value) => {
    expect(leftOpen('pay 20 euro, then 12345', value, 'amount')).toEqual([value]);
  });
});
