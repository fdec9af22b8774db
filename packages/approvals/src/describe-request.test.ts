import { type ApprovalRequest, canonical, digest } from '@guardstile/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { payloads } from '../test/payloads.ts';
import { requestFor } from '../test/request-for.ts';
import { describeRequest, type View } from './describe-request.ts';
import { foldedRoom, type Page, UNFOLDED } from './page.ts';
import { pageText } from './page-text.ts';

const FOLDED = foldedRoom(60);

/** Everything that a terminal might obey, or draw in a way that hides something. */
const OBEYED = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u;

function look(request: ApprovalRequest, view: Partial<View> = {}): Page {
  return describeRequest(request, {
    room: FOLDED,
    args: request.args,
    hidden: request.hidden.length > 0,
    now: request.expiresAt - 60_000 * 59.5,
    ...view,
  });
}

function linesOf(page: Page): readonly string[] {
  return page.lines.map(({ indent, text }) => '  '.repeat(indent) + text);
}

function textOf(page: Page, columns: number | undefined): string {
  return pageText('Approval needed', page, { start: '┌', bar: '│', columns });
}

/** The request with its text in every place that a caller, a model or a policy can fill. */
function filledWith(request: ApprovalRequest, text: string): ApprovalRequest {
  return {
    ...request,
    tool: { source: text, name: text },
    facts: { ...request.facts, why: text },
    reason: text,
    rule: text,
    requirements: {
      ...request.requirements,
      votes: [{ kind: 'approvers', by: [text, `role:${text}`], quorum: 2 }],
    },
    context: {
      principal: { id: text, tenant: text, roles: [text, text] },
      agent: text,
      session: text,
    },
    hidden: [text],
    labels: [text],
    votes: [{ verdict: 'approve', voter: text, channel: text, note: text, digest: request.digest }],
  };
}

const harsh = fc.constantFrom(
  ...'\u{1b}[2K|\u{1b}]52;c;|\u{7}|\u{9b}|\u{8}|\r|\n|\t|\u{202e}|\u{2066}|\u{200b}|\u{feff}|\u{e0041}|\u{2028}|\u{0}|\u{7f}|\u{ad}|\ud800|\u{e000}|\\|u{1b}|"|\\"|: |, |> |[0]|(map)|1|null|€|漢|👩‍👩‍👧'.split(
    '|',
  ),
);
const character = fc.oneof(
  { weight: 3, arbitrary: harsh },
  fc.string({ unit: 'binary', maxLength: 2 }),
);
const text = fc.array(character, { maxLength: 12 }).map((parts) => parts.join(''));
/** Many, and large, so that there is something to fold. */
const longText = fc
  .tuple(text, fc.nat(800))
  .map(([part, times]) => part.repeat(times).slice(0, 2000));
const key = text.filter((name) => name !== '__proto__' && name !== 'constructor');

const { value: json } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(text, longText, fc.double(), fc.integer(), fc.boolean(), fc.constant(null)),
    fc.array(tie('value'), { maxLength: 6 }),
    fc.dictionary(key, tie('value'), { maxKeys: 6 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 3 }).map((entries) => new Map(entries)),
    fc.array(tie('value'), { maxLength: 3 }).map((items) => new Set(items)),
    fc.date(),
    fc.uint8Array({ maxLength: 400 }),
    fc.bigInt(),
    fc.constant(undefined),
  ),
}));

describe('describeRequest', () => {
  it('says who wants what, why, and until when', async () => {
    const request = await requestFor(
      { orderId: 'o1', amount: 900, urgent: true, lines: [{ sku: 'a' }, 2], note: null, none: {} },
      {
        facts: { refund: ['money', 'network'] },
        policy: () => ({ effect: 'ask', reason: 'refunds over 500', rule: 'refund.large' }),
        context: {
          principal: { id: 'ann', tenant: 'acme', roles: ['support', 'night'] },
          agent: 'helper',
          session: 's1',
        },
      },
    );
    const expires = new Date(request.expiresAt).toISOString().slice(0, 19).replace('T', ' ');
    const page = look(request);
    expect(linesOf(page)).toEqual([
      'tool       refund',
      'source     app',
      'effect     destructive, money, network (stated by the developer)',
      'principal  ann',
      'tenant     acme',
      'roles      support, night',
      'agent      helper',
      'session    s1',
      'rule       refund.large',
      'reason     refunds over 500',
      'needs      confirmation by the requester',
      `arguments  ${request.digest}`,
      '  orderId: "o1"',
      '  amount: 900',
      '  urgent: true',
      '  lines:',
      '    [0]:',
      '      sku: "a"',
      '    [1]: 2',
      '  note: null',
      '  none: {}',
      `expires    ${expires} UTC (in 59 min)`,
    ]);
    expect(page.folded).toBe(false);
  });

  it('names what is hidden until it is revealed', async () => {
    const request = await requestFor({ user: 'ann', password: 'hunter2', deep: [{ token: 't' }] });
    const hidden = linesOf(look(request));
    expect(hidden).toContain('hidden     2 in all: password, deep[0].token');
    expect(hidden).toContain('  password: "[redacted]"');
    const revealed = linesOf(look(request, { args: await request.reveal(), hidden: false }));
    expect(revealed).toContain('  password: "hunter2"');
    expect(revealed.join('\n')).not.toContain('hidden');
  });

  it.each([
    ['a text', 'just text', ['  (value): "just text"']],
    ['nothing', undefined, ['  (value): undefined']],
    ['an empty record', {}, ['  (value): {}']],
    ['a list', [1, '1'], ['  (list)', '  [0]: 1', '  [1]: "1"']],
    [
      'keys that are not plain',
      { 'a b': 1, '[0]': 2, '': 3 },
      ['  "a b": 1', '  "[0]": 2', '  "": 3'],
    ],
  ])('shows arguments that are %s', async (_, args, lines) => {
    expect(linesOf(look(await requestFor(args)))).toEqual(expect.arrayContaining(lines));
  });

  it('shows revealed values that JSON does not have', async () => {
    const request = await requestFor({
      at: new Date(0),
      never: new Date(Number.NaN),
      where: new URL('https://example.com/?q="'),
      map: new Map<unknown, unknown>([
        ['a', 1],
        [{ b: 1 }, 2],
      ]),
      set: new Set(['x']),
      bytes: Uint8Array.of(1, 254),
      big: 12n,
      zero: -0,
      empty: new Map(),
    });
    expect(linesOf(look(request, { args: await request.reveal() }))).toEqual(
      expect.arrayContaining([
        '  at (date): 1970-01-01T00:00:00.000Z',
        '  never (date): invalid',
        '  where (URL): "https://example.com/?q=%22"',
        '  map (map):',
        '    a: 1',
        '    [1]:',
        '      key:',
        '        b: 1',
        '      value: 2',
        '  set (set):',
        '    [0]: "x"',
        '  bytes (Uint8Array of 2 bytes): 01fe',
        '  big: 12n',
        '  zero: -0',
        '  empty (map): {}',
      ]),
    );
  });

  it('folds a long text into its ends, its length and its digest', async () => {
    const long = `${'a'.repeat(700)}${'b'.repeat(700)}`;
    const page = look(await requestFor({ long }));
    expect(page.folded).toBe(true);
    const lines = linesOf(page);
    const at = lines.indexOf('  long:');
    expect(lines.slice(at + 1, at + 4)).toEqual([
      `    "${'a'.repeat(280)}`,
      `    [1,000 characters folded, of 1,400, ${digest('text', long)}]`,
      `    > ${'b'.repeat(120)}"`,
    ]);
  });

  it('folds a long text without cutting a character in two', async () => {
    for (const before of ['', '.']) {
      const lines = linesOf(look(await requestFor({ long: before + '👍'.repeat(1000) })));
      expect(lines.join('')).not.toContain('\\u{d');
    }
  });

  it('folds the rest of a long list and leaves the fields behind it in view', async () => {
    const items = Array.from({ length: 5000 }, (_, i) => ({ i }));
    const page = look(await requestFor({ items, more: items, amount: 900 }));
    const lines = linesOf(page);
    expect(page.folded).toBe(true);
    expect(lines).toContain('  amount: 900');
    expect(
      lines.filter((line) => /^ {4}4,9\d\d more folded, sha256:[0-9a-f]{64}$/.test(line)),
    ).toHaveLength(2);
    expect(lines.length).toBeLessThan(60);
  });

  it('shows all of it when nothing is to be folded', async () => {
    const items = Array.from({ length: 500 }, (_, i) => 'x'.repeat(i * 4));
    const page = look(await requestFor({ items }), { room: UNFOLDED });
    expect(page.folded).toBe(false);
    expect(linesOf(page)).toEqual(
      expect.arrayContaining(items.map((item, i) => `    [${i}]: "${item}"`)),
    );
  });

  it('takes an expiry that is no date for unknown', async () => {
    const request = await requestFor({});
    expect(linesOf(look({ ...request, expiresAt: Infinity }, { now: 0 }))).toContain(
      'expires    unknown',
    );
  });

  it('says that an approval is about to expire', async () => {
    const request = await requestFor({});
    const page = look({ ...request, expiresAt: 59_999 }, { now: 0 });
    expect(linesOf(page)).toContain('expires    1970-01-01 00:00:59 UTC (in less than a minute)');
  });

  it('writes hosts as they are looked up beside how they read', async () => {
    const args = {
      url: 'https://аррӏе.com/login', // Cyrillic
      mail: 'pay@bücher.example',
      host: 'раураl.com',
      plain: 'https://apple.com',
      words: 'ein schöner Tag.',
    };
    const request = {
      ...(await requestFor(args)),
      reason: 'asked by bob@раураl.com (host paypal.com)',
    };
    const lines = linesOf(look(request));
    expect(lines).toContain('  url (host xn--80ak6aa92e.com): "https://аррӏе.com/login"');
    expect(lines).toContain('  mail (host xn--bcher-kva.example): "pay@bücher.example"');
    expect(lines).toContain('  host (host xn--l-7sba6dbr.com): "раураl.com"');
    expect(lines).toContain('  plain: "https://apple.com"');
    expect(lines).toContain('  words: "ein schöner Tag."');
    expect(lines[lines.indexOf('reason     asked by bob@раураl.com (host paypal.com)') + 1]).toBe(
      '  host xn--l-7sba6dbr.com',
    );
  });

  it('shows field by field what differs from the last approved call', async () => {
    const request = await requestFor({ orderId: 'o2', amount: 900, note: 'new' });
    const last = { args: { orderId: 'o1', amount: 900, to: 'ann' }, hidden: [], at: 0 };
    const lines = linesOf(look(request, { last }));
    const from = lines.indexOf(
      'last time  3 of 4 fields differed, approved 1970-01-01 00:00:00 UTC',
    );
    expect(lines.slice(from + 1, from + 4)).toEqual([
      '  orderId: "o1"',
      '  note: was not there',
      '  to: "ann"',
    ]);
    const same = linesOf(look(request, { last: { ...last, args: request.args } }));
    expect(same).toContain('last time  the same in every field, approved 1970-01-01 00:00:00 UTC');
    const hidden = linesOf(look(request, { last: { ...last, hidden: ['to'] } }));
    expect(hidden.join()).toContain('hidden values not compared');
  });

  it('shows what was asked for beside what the person made of it', async () => {
    const request = await requestFor({ orderId: 'o1', amount: 900 });
    const lines = linesOf(
      look(request, { args: { orderId: 'o1', amount: 5 }, unedited: request.args }),
    );
    const from = lines.indexOf('asked for  with these fields as');
    expect(lines).toContain(`arguments  as edited by you; before: ${request.digest}`);
    expect(lines).toContain('  amount: 5');
    expect(lines[from + 1]).toBe('  amount: 900');
  });

  it('says what the run has seen and what others answered', async () => {
    const request = await requestFor({});
    const lines = linesOf(
      look({
        ...request,
        labels: ['untrusted', 'pii'],
        votes: [
          {
            verdict: 'approve',
            voter: 'bob',
            channel: 'slack',
            note: 'ok',
            digest: request.digest,
          },
        ],
      }),
    );
    expect(lines).toContain('labels     untrusted, pii');
    expect(lines).toContain('answer     approve by bob through slack: ok');
  });

  it('lets nothing reach the terminal that it would obey, and breaks every line itself', async () => {
    const request = await requestFor({});
    fc.assert(
      fc.property(
        json,
        longText,
        fc.integer({ min: 30, max: 200 }),
        fc.boolean(),
        (args, words, columns, fold) => {
          const filled = filledWith(request, words);
          const room = fold ? FOLDED : UNFOLDED;
          const last = { args: { words, other: args }, hidden: [], at: 0 };
          const page = look(filled, { args, unedited: { words: args }, last, room });
          const rows = textOf(page, columns).trimEnd().split('\n');
          const wrong = rows.filter(
            (row) => OBEYED.test(row) || row.length > columns || !/^[┌│] {2}/.test(row),
          );
          expect(wrong).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('never shows two different values alike', async () => {
    const request = await requestFor({});
    fc.assert(
      fc.property(json, json, fc.boolean(), (a, b, fold) => {
        fc.pre(canonical(a) !== canonical(b));
        const room = fold ? FOLDED : UNFOLDED;
        const [one, other] = [a, b].map((args) => look(request, { args, room }).lines);
        expect(one).not.toEqual(other);
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps a value from passing for another line', async () => {
    const padding = ' '.repeat(57);
    const fake = `a${padding}tool       harmless`;
    const shown = textOf(look(await requestFor({ fake })), 80);
    expect(shown).toMatch(/^│ {4}fake: "a {57}/m);
    expect(shown.split('\n').filter((row) => /^[│\s]*tool /.test(row))).toEqual([
      '│  tool       refund',
    ]);
    expect(shown).toMatch(/^│ {4}> +tool +harmless"$|^│ {4}> .*harmless"$/m);
  });

  it('keeps its own room for text on a terminal that says it has no columns', async () => {
    const page = look(await requestFor({ text: 'x'.repeat(200) }));
    for (const columns of [undefined, 0, -1]) {
      expect(textOf(page, columns)).toBe(textOf(page, 80));
    }
  });

  it('keeps a call with thousands of hidden values and long names to a few lines', async () => {
    const args = Object.fromEntries(
      Array.from({ length: 3000 }, (_, i) => [`password${'x'.repeat(500)}${i}`, 's']),
    );
    const page = look(await requestFor(args));
    expect(page.folded).toBe(true);
    expect(textOf(page, 80).split('\n').length).toBeLessThan(600);
  });

  describe.each(['controlChars', 'naughtyStrings'])(
    'with the collected payloads "%s"',
    (category) => {
      const texts = payloads(category);
      if (texts === undefined) console.warn(`SKIPPED: "${category}", ../shared/data is not there.`);

      it.runIf(texts !== undefined)('shows every one of them and obeys none', async () => {
        const request = await requestFor({});
        for (const payload of texts ?? []) {
          const args = { value: payload, list: [payload], [`key ${payload}`]: 1 };
          const page = look(filledWith(request, payload), { args, room: UNFOLDED });
          expect(textOf(page, 100).replaceAll('\n', '')).not.toMatch(OBEYED);
          const escaped = unescaped(
            linesOf(page).find((line) => /^ {2}value(?: \(host [^)]*\))?: /.test(line)) ?? '',
          );
          expect(escaped.replace(/ \(host [^)]*\): /, ': ')).toBe(
            `  value: "${payload.replaceAll('"', '\\"')}"`,
          );
        }
      });
    },
  );
});

/** Reads escapes back: what was escaped is all still there. */
function unescaped(line: string): string {
  return line.replaceAll(/\\u\{([0-9a-f]+)\}/g, (_, code: string) =>
    String.fromCodePoint(Number.parseInt(code, 16)),
  );
}
