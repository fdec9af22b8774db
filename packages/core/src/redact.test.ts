import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { createRedactor, type RedactOptions } from './redact.ts';

const JWT =
  'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U';
const PEM =
  '-----BEGIN RSA PRIVATE KEY-----\nMIIEpQIBAAKCAQEAn6\n+SX4m98LLYt\n-----END RSA PRIVATE KEY-----';
const SECRETS: Readonly<Record<string, string>> = {
  JWT,
  'sk-': 'sk-proj-abcdefghij1234567890ABCDEFGHIJ',
  Anthropic: 'sk-ant-api03-abcdefghij_1234567890-ABCDEFGHIJ',
  PEM,
  PGP: '-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQdGBF0xJ\n-----END PGP PRIVATE KEY BLOCK-----',
  'AWS key id': 'AKIAIOSFODNN7EXAMPLE',
  'Google API key': `AIza${'Sy-_'.repeat(8)}abc`,
  'Google OAuth': `ya29.${'a0Af_'.repeat(6)}`,
  'Google client secret': `GOCSPX-${'aB3-'.repeat(7)}`,
  'Azure storage': `AccountKey=${'abcDEF12'.repeat(10)}==`,
  GitHub: `ghp_${'aB3dE6'.repeat(6)}`,
  'GitHub fine-grained': `github_pat_${'11AAGI73I0_'.repeat(4)}`,
  'GitHub app': `ghs_12345_${JWT}`,
  GitLab: 'glpat-aBcDeFgHiJkLmNoPqRsT',
  'GitLab runner': 'glrt-aBcDeFgHiJkLmNoPqRsT',
  npm: `npm_${'aB3dE6'.repeat(6)}`,
  Slack: 'xoxb-123456789012-123456789012-abcdefABCDEF',
  'Slack app': 'xapp-1-A0123456789-1234567890123-abcdef',
  'Slack webhook': 'hooks.slack.com/services/T024TTTTT/BBB72BBL/AZAAA9u0pA4ad666eMgbi555',
  Stripe: 'sk_live_abcdefghij1234567890',
  'Stripe webhook': 'whsec_abcdefghij1234567890',
  Bearer: 'Bearer abcdef1234567890abcdef',
  'URL password': 'postgres://app:s3cr3t@',
};

describe('a text', () => {
  const { text } = createRedactor();

  it.each(Object.entries(SECRETS))(
    'loses a secret that looks like one of %s, wherever it stands',
    (_name, secret) => {
      expect(text(secret)).toBe('[redacted]');
      for (const [before, after] of [
        ['key: ', ' (do not share)'],
        ['{"k":"', '","other":1}'],
        ["x='", "'"],
        ['a\n', '\nb'],
        ['https://api.example.com/?key=', '&page=2'],
        ['日本語', '。'],
      ] as const) {
        const redacted = text(before + secret + after);
        expect(redacted).toContain('[redacted]');
        // Whatever of the secret is left, it is not enough to recognise it.
        for (let i = 0; i + 12 <= secret.length; i += 1) {
          expect(redacted).not.toContain(secret.slice(i, i + 12));
        }
        expect(redacted.startsWith(before.slice(0, -1))).toBe(true);
      }
    },
  );

  it('loses all of several secrets', () => {
    const all = Object.values(SECRETS);
    const redacted = text(all.join(' and '));
    for (const secret of all) expect(redacted).not.toContain(secret);
  });

  it('loses a private key whose end was cut off', () => {
    expect(text(`start ${PEM.slice(0, 60)}`)).toBe('start [redacted]');
  });

  it('stays as it is where it holds none', () => {
    for (const plain of [
      '',
      'short',
      'Please summarise the report of the risk-assessment-committee-meeting.',
      'https://example.com/a/b?c=d#e',
      'user@example.com',
      'mailto:someone@example.com',
      'a:b@c',
      'task-force-planning-document-2026',
      'eyJ is how a JSON Web Token starts',
      'xoxo-indieweb-1.jpg',
      '-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----',
      'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
      '3fa85f64-5717-4562-b3fc-2c963f66afa6',
      'Bearer of good news',
      'npm_config_registry',
      'sk-1',
      'AKIA',
    ]) {
      expect(text(plain)).toBe(plain);
    }
  });

  it('is looked through in time that grows with its length, however it was made', () => {
    // With a pattern that goes back over what it has seen, each of these takes hours.
    for (const part of [
      'eyJaaaaaaaa-',
      'eyJaaaaaaaa.',
      'eyJ',
      'eyJaaaaaaaa.bbbbbbbb',
      'sk-',
      'sk-a ',
      '-----BEGIN ',
      '-----BEGIN PRIVATE KEY-----',
      '-----BEGIN A PRIVATE KEY-----\n-----END ',
      'Bearer ',
      'a://b:',
      'a://',
      ':a@',
      'authorization: basic ',
      'xoxb-',
      'ghp_a.',
      'AKIA',
      'aws_secret_access_key=',
      '0Q~',
      'a.a.',
      'SG.aaaaaaaaaaaaaaaa',
      'hooks.slack.com/services/',
      'glpat-',
      'AIza',
      '~',
      '-',
      'A',
      ' ',
      '\u0130',
      '@',
    ]) {
      const long = part.repeat(Math.ceil(2_000_000 / part.length));
      expect(typeof text(long)).toBe('string');
      expect(typeof text(`${long}!`)).toBe('string');
    }
  });
});

describe('a field', () => {
  const { stored, shown } = createRedactor();

  it.each([
    'password',
    'PASSWORD',
    'userPassword',
    'user_password',
    'user-password',
    'db.password',
    'password2',
    'passWord',
    'passwords',
    'pwd',
    'passphrase',
    'secret',
    'clientSecret',
    'client_secret',
    'CLIENT-SECRET',
    'clientsecret',
    'apiKey',
    'api_key',
    'api-key',
    'APIKey',
    'API_KEY',
    'apikey',
    'x-api-key',
    'X-API-Key',
    'OPENAI_API_KEY',
    'token',
    'accessToken',
    'access_token',
    'ACCESS_TOKEN',
    'accesstoken',
    'refreshTokens',
    'idToken',
    'csrf_token',
    'authorization',
    'Authorization',
    'proxy-authorization',
    'auth',
    'bearer',
    'cookie',
    'Set-Cookie',
    'credentials',
    'privateKey',
    'private_key',
    'PRIVATE KEY',
    'privatekey',
    'sshKey',
    'signing-key',
    'encryptionKey',
    'AccountKey',
    'awsSecretAccessKey',
    'secretKey',
    'masterKey',
    'sessionToken',
    'jwt',
    'otp',
    'cvv',
    'cvc2',
    'cardNumber',
    'ssn',
    'seedPhrase',
    'mnemonic',
    'recoveryCodes',
    'connectionString',
    'ｐａｓｓｗｏｒｄ',
    'pin_code',
    'verificationCode',
  ])('called %s is hidden at any depth, whatever it holds', (name) => {
    for (const value of ['hunter2', 5, 0, '', false, { deep: 'x' }, ['x'], new Date(0)]) {
      expect(stored({ [name]: value })).toEqual({ [name]: '[redacted]' });
      const nested = { list: [{ map: new Map([['k', { [name]: value }]]) }] };
      expect(JSON.stringify(stored(nested))).toContain('"[redacted]"');
      expect(shown(nested).hidden).toHaveLength(1);
    }
  });

  it.each([
    'path',
    'user',
    'author',
    'authority',
    'keyboard',
    'monkey',
    'maxTokens',
    'total_tokens',
    'tokenizer',
    'secretary',
    'passenger',
    'compass',
    'key',
    'keys',
    'primaryKey',
    'publicKey',
    'foreign_key',
    'cookies_accepted_at'.slice(7),
    'encrypted',
    'sessionId',
    'code',
    'number',
    'phrase',
    'card',
    'pins',
    'access',
    'constructor',
    '__proto__',
  ])('called %s is not', (name) => {
    const value = JSON.parse(`{${JSON.stringify(name)}:"plain"}`) as unknown;
    expect(stored(value)).toEqual(value);
    expect(shown(value).hidden).toEqual([]);
  });

  it('that holds nothing is left to say so', () => {
    expect(stored({ password: null, token: undefined })).toEqual({ password: null });
    expect(shown({ password: null, token: undefined }).hidden).toEqual([]);
  });

  it('whose own name is a secret loses its name, and no neighbour', () => {
    const a = 'sk-aaaaaaaaaaaaaaaaaaaa';
    const b = 'sk-bbbbbbbbbbbbbbbbbbbb';
    const value = { [a]: 1, [b]: 2, '[redacted]': 3 };
    expect(stored(value)).toEqual({ '[redacted]': 1, '[redacted] 2': 2, '[redacted] 3': 3 });
    expect(shown(value)).toEqual({
      value: { '[redacted]': 1, '[redacted] 2': 2, '[redacted] 3': 3 },
      hidden: ['["[redacted]"]', '["[redacted] 2"]'],
    });
  });
});

describe('options', () => {
  it('add names, regardless of case and of how words are joined', () => {
    const { stored } = createRedactor({ keys: ['IBAN', 'creditCard', '123'] });
    const hidden = {
      iban: 1,
      Iban: 1,
      creditCard: 1,
      credit_card: 1,
      'CREDIT-CARD': 1,
      123: 1,
      password: 1,
    };
    expect(new Set(Object.values(stored(hidden) as object))).toEqual(new Set(['[redacted]']));
    expect(stored({ 456: 'kept', card: 'kept', '': 'kept' })).toEqual({
      456: 'kept',
      card: 'kept',
      '': 'kept',
    });
  });

  it('add patterns, also for short values and whatever flags they have', () => {
    const pin = /\b\d{4}\b/y;
    const { text, stored } = createRedactor({ patterns: [pin, /hidden/i, /^x$/m] });
    pin.lastIndex = 3;
    for (let i = 0; i < 3; i += 1) expect(text('1234')).toBe('[redacted]');
    expect(text('pins 1234 and 5678, HIDDEN')).toBe('pins [redacted] and [redacted], [redacted]');
    expect(stored('a\nx\nb')).toBe('a\n[redacted]\nb');
  });

  it('never shorten the built-in list', () => {
    for (const options of [
      {},
      { keys: [] },
      { patterns: [] },
      { keys: ['password'], patterns: [/x{100}/] },
    ]) {
      const { text, stored } = createRedactor(options);
      expect(text(JWT)).toBe('[redacted]');
      expect(stored({ password: 'x', apiKey: 'y' })).toEqual({
        password: '[redacted]',
        apiKey: '[redacted]',
      });
    }
  });

  it.each<[string, unknown]>([
    ['a misspelt option', { key: ['x'] }],
    ['a text instead of a list of names', { keys: 'password' }],
    ['names that are no texts', { keys: [5] }],
    ['a pattern instead of a list', { patterns: /x/ }],
    ['patterns that are texts', { patterns: ['x'] }],
    ['null', null],
  ])('that nobody understands are refused: %s', (_name, options) => {
    expect(() => createRedactor(options as RedactOptions)).toThrow(
      expect.objectContaining({ code: 'options_invalid' }),
    );
  });
});

describe('a stored copy', () => {
  const { stored } = createRedactor();
  const sizeOf = (value: unknown): number => JSON.stringify(stored(value)).length;
  /** More than all limits together can let through. */
  const BOUND = 200_000;

  it('is JSON that says of what it is', () => {
    const value = {
      text: 'x',
      yes: true,
      none: undefined,
      nothing: null,
      number: 1.5,
      nan: Number.NaN,
      infinite: -Infinity,
      minusZero: -0,
      big: 5n,
      date: new Date(0),
      invalid: new Date(Number.NaN),
      map: new Map<unknown, unknown>([
        ['a', 1],
        [{ b: 2 }, 3],
      ]),
      set: new Set(['x']),
      bytes: new Uint8Array(3),
      raw: new ArrayBuffer(4),
      url: new URL('https://example.com/'),
      error: new TypeError('broken'),
      list: [undefined, () => 1, Symbol('x')],
      run: () => 1,
    };
    expect(stored(value)).toStrictEqual({
      text: 'x',
      yes: true,
      nothing: null,
      number: 1.5,
      nan: { $number: 'NaN' },
      infinite: { $number: '-Infinity' },
      minusZero: { $number: '-0' },
      big: { $bigint: '5' },
      date: { $date: '1970-01-01T00:00:00.000Z' },
      invalid: { $date: null },
      map: { $map: [{ a: 1 }, { key: { b: 2 }, value: 3 }] },
      set: { $set: ['x'] },
      bytes: { $bytes: 3 },
      raw: { $bytes: 4 },
      url: 'https://example.com/',
      error: 'TypeError: broken',
      list: [null, '[function]', '[symbol]'],
      run: '[function]',
    });
  });

  it('hides bytes from a person until they are revealed: their number is not what runs', () => {
    const { hidden, value } = createRedactor().shown({ file: { content: Uint8Array.of(1, 2) } });
    expect(value).toEqual({ file: { content: { $bytes: 2 } } });
    expect(hidden).toEqual(['file.content']);
  });

  it('is the same after a way through JSON, frozen all the way down, and holds no secret', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withNullPrototype: true,
      withSparseArray: true,
    });
    const isFrozen = (value: unknown): boolean =>
      typeof value !== 'object' ||
      value === null ||
      (Object.isFrozen(value) && Object.values(value).every(isFrozen));
    fc.assert(
      fc.property(anything, (value) => {
        const copy = stored({ value, [JWT]: [{ password: value, note: `see ${JWT}` }] });
        expect(JSON.parse(JSON.stringify(copy))).toStrictEqual(copy);
        expect(isFrozen(copy)).toBe(true);
        expect(JSON.stringify(copy)).not.toContain(JWT.slice(40, 60));
      }),
    );
  });

  it('does not change with its original', () => {
    const value = { list: ['a'] };
    const copy = stored(value);
    value.list.push('b');
    expect(copy).toEqual({ list: ['a'] });
  });

  it.each<[string, () => unknown]>([
    ['a text of 10 MB', () => 'x'.repeat(10_000_000)],
    ['a field name of 10 MB', () => ({ ['x'.repeat(10_000_000)]: 1 })],
    [
      'a thousand long field names',
      () =>
        Object.fromEntries(
          Array.from({ length: 1000 }, (_, i) => [`${i}${'x'.repeat(10_000)}`, 1]),
        ),
    ],
    [
      'a hundred thousand texts',
      () => Array.from({ length: 100_000 }, (_, i) => `text number ${i}`),
    ],
    [
      'a hundred thousand fields',
      () => Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`field${i}`, i])),
    ],
    ['a huge sparse array', () => Object.assign([], { length: 1e9 })],
    [
      'a large map',
      () => new Map(Array.from({ length: 100_000 }, (_, i) => [`key${i}`, 'x'.repeat(100)])),
    ],
    ['a large set', () => new Set(Array.from({ length: 100_000 }, (_, i) => i))],
    [
      '10,000 levels of nesting',
      () => {
        let value: unknown = 1;
        for (let i = 0; i < 10_000; i += 1) value = { a: [value] };
        return value;
      },
    ],
    [
      'what unfolds without end',
      () => {
        let value: unknown = 'ha';
        for (let i = 0; i < 100; i += 1) value = [value, value];
        return value;
      },
    ],
    [
      'a cycle',
      () => {
        const value: Record<string, unknown> = {};
        value['self'] = [value, value];
        return value;
      },
    ],
    ['a huge bigint', () => 1n << 20_000_000n],
    ['an error with a long message', () => new Error('x'.repeat(1_000_000))],
    ['large bytes', () => new Uint8Array(10_000_000)],
  ])('of %s is small', (_name, make) => {
    const value = make();
    expect(sizeOf(value)).toBeLessThan(BOUND);
    expect(sizeOf({ a: [value, value] })).toBeLessThan(BOUND);
    expect(sizeOf(new Map([['k', value]]))).toBeLessThan(BOUND);
  });

  it('says what it left out', () => {
    expect(stored('x'.repeat(5000))).toBe(`${'x'.repeat(4096)}… [5000 characters]`);
    expect((stored(Array.from({ length: 5000 }, () => 0)) as unknown[]).at(-1)).toBe('[3001 more]');
    const frozen = Object.freeze(Array.from({ length: 5000 }, () => 0));
    expect((stored(frozen) as unknown[]).at(-1)).toBe('[3001 more]');
    const record = Object.freeze(Object.fromEntries(frozen.map((value, i) => [`k${i}`, value])));
    expect(stored(record)).toMatchObject({ '…': '[more]' });
    expect(
      stored(Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`k${i}`, 0]))),
    ).toMatchObject({ '…': '[more]' });
    let deep: unknown = 1;
    for (let i = 0; i < 100; i += 1) deep = [deep];
    expect(JSON.stringify(stored(deep))).toContain('[deeper]');
  });

  it('does not end in half a surrogate pair', () => {
    const copy = stored(`${'x'.repeat(4095)}🦊 and more`) as string;
    expect(copy).toBe(`${'x'.repeat(4095)}… [4106 characters]`);
    expect(copy.isWellFormed()).toBe(true);
  });

  it.each(Object.entries(SECRETS))(
    'holds no part of %s that lies across the cut',
    (_name, secret) => {
      for (let shift = 1; shift < secret.length; shift += 1) {
        const copy = stored(`${'x'.repeat(4095 - shift)} ${secret} tail`) as string;
        for (let i = 0; i + 12 <= secret.length; i += 1) {
          if (copy.includes(secret.slice(i, i + 12)))
            expect.fail(`shift ${shift} shows ${secret.slice(i, i + 12)}`);
        }
      }
    },
  );

  it('holds no part of a long token across the cut', () => {
    const long = `eyJhbGciOiJIUzI1NiJ9.${'cGF5bG9hZA'.repeat(300)}.c2lnbmF0dXJl`;
    for (const shift of [50, 200, 1000, 3000]) {
      expect(stored(`${'x'.repeat(4095 - shift)} ${long}`)).not.toContain('cGF5bG9h');
    }
  });

  it('holds no part of a long issued secret across the cut', () => {
    const redactor = createRedactor();
    const secret = 'Z9y8x7w6'.repeat(400);
    redactor.issue(secret);
    expect(redactor.stored(`${'x '.repeat(2000)}${secret}`)).not.toContain('Z9y8x7w6');
  });

  it.each<[string, () => unknown]>([
    [
      'a getter that throws',
      () => ({
        a: 1,
        get b(): unknown {
          throw new Error('read');
        },
        c: 3,
      }),
    ],
    [
      'a getter in an array',
      () =>
        Object.defineProperty([1], 0, {
          get: () => {
            throw new Error('read');
          },
        }),
    ],
    [
      'a revoked Proxy',
      () => {
        const { proxy, revoke } = Proxy.revocable({}, {});
        revoke();
        return proxy;
      },
    ],
    [
      'a Proxy that throws',
      () =>
        new Proxy(
          {},
          {
            ownKeys: () => {
              throw new Error('trap');
            },
          },
        ),
    ],
    [
      'a date that lies',
      () =>
        Object.assign(new Date(), {
          getTime: () => {
            throw new Error('no');
          },
        }),
    ],
    [
      'an error without a readable message',
      () =>
        Object.defineProperty(new Error('x'), 'message', {
          get: () => {
            throw new Error('no');
          },
        }),
    ],
    ['an error whose name is a symbol', () => Object.assign(new Error('x'), { name: Symbol('x') })],
    ['what pretends to be a Map', () => Object.create(Map.prototype) as unknown],
  ])('is made of %s, too, and keeps what is beside it', (_name, make) => {
    const copy = stored({ before: 1, value: make(), after: 2 }) as Record<string, unknown>;
    expect(copy).toMatchObject({ before: 1, after: 2 });
    expect(JSON.stringify(copy['value'])).toContain('[unreadable]');
  });

  it('shows no field that is only inherited', () => {
    const prototype = Object.prototype as Record<string, unknown>;
    prototype['polluted'] = 'x';
    try {
      expect(Object.keys(stored({ a: 1 }) as object)).toEqual(['a']);
    } finally {
      delete prototype['polluted'];
    }
    expect(
      stored(Object.create({ inherited: 1 }, { own: { value: 2, enumerable: true } })),
    ).toEqual({ own: 2 });
  });

  it('keeps __proto__ as a field like any other', () => {
    const copy = stored(JSON.parse('{"__proto__":{"admin":true},"a":1}')) as object;
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
    expect(JSON.stringify(copy)).toBe('{"__proto__":{"admin":true},"a":1}');
  });

  it('costs at most in proportion to the size of what it is made of', () => {
    // Operations, not time: how often the value is looked at.
    const looks = (length: number): number => {
      let count = 0;
      const list = new Proxy(
        Array.from({ length }, () => 'text'),
        {
          get(target, key) {
            count += 1;
            return Reflect.get(target, key) as unknown;
          },
        },
      );
      stored(list);
      return count;
    };
    expect(looks(100_000)).toBeLessThanOrEqual(looks(10_000));
  });
});

describe('a shown copy', () => {
  const { shown } = createRedactor();

  it('is complete', () => {
    const value = { text: 'x'.repeat(100_000), list: Array.from({ length: 5000 }, (_, i) => i) };
    expect(shown(value)).toEqual({ value, hidden: [] });
  });

  it('names exactly what is hidden in it', () => {
    const value = {
      user: 'a',
      password: 'b',
      list: [{ apiKey: 'c', ok: 1 }, `Bearer ${'d'.repeat(20)}`],
      'dotted.name': { 'with space': { token: 'e' } },
      map: new Map([['secret', 'f']]),
      note: `see ${JWT}`,
      größe_1: { otp: 1 },
    };
    const { value: copy, hidden } = shown(value);
    expect(hidden).toEqual([
      'password',
      'list[0].apiKey',
      'list[1]',
      '["dotted.name"]["with space"].token',
      'map[0].secret',
      'note',
      'größe_1.otp',
    ]);
    expect(copy).toMatchObject({ user: 'a', password: '[redacted]', note: 'see [redacted]' });
  });

  it('of a text alone names it by the empty path', () => {
    expect(shown(JWT)).toEqual({ value: '[redacted]', hidden: [''] });
  });

  it('hides secrets that the guard issued without asking for them to be revealed', () => {
    const redactor = createRedactor();
    redactor.issue('issued-value');
    expect(redactor.shown({ note: 'with issued-value inside', 'issued-value': 1 })).toEqual({
      value: { note: 'with [redacted] inside', '[redacted]': 1 },
      hidden: [],
    });
    expect(redactor.shown({ note: `issued-value and ${JWT}` }).hidden).toEqual(['note']);
  });

  it('asks for what cannot be read to be revealed', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(shown({ a: { b: proxy } }).hidden).toEqual(['a.b']);
  });
});

describe('an issued secret', () => {
  it('is hidden everywhere, from then on, and in redactors with more names', () => {
    const redactor = createRedactor();
    const more = redactor.with(['iban']);
    expect(redactor.text('a plain-value b')).toBe('a plain-value b');
    expect(redactor.stored({ 'plain-value': 1 })).toEqual({ 'plain-value': 1 });
    redactor.issue('plain-value');
    for (const { text, stored, withoutIssued, result } of [redactor, more]) {
      expect(text('a plain-value b')).toBe('a [redacted] b');
      expect(stored({ 'plain-value': ['plain-value'] })).toEqual({ '[redacted]': ['[redacted]'] });
      expect(withoutIssued({ 'plain-value': 'plain-value' })).toEqual({
        '[redacted]': '[redacted]',
      });
      expect(result(['plain-value'])).toEqual(['[redacted]']);
    }
  });

  it('that is the beginning of another leaves nothing of the other', () => {
    for (const secrets of [
      ['abcdef', 'abcdef-ghijkl'],
      ['abcdef-ghijkl', 'abcdef'],
    ]) {
      const redactor = createRedactor();
      for (const secret of secrets) redactor.issue(secret);
      expect(redactor.text('x abcdef-ghijkl y abcdef')).toBe('x [redacted] y [redacted]');
    }
  });

  it('that is short is only hidden where it is the whole text', () => {
    const redactor = createRedactor();
    redactor.issue('abc');
    redactor.issue('');
    expect(redactor.text('abc')).toBe('[redacted]');
    expect(redactor.text('abcdef')).toBe('abcdef');
    expect(redactor.text('')).toBe('');
  });

  it('may hold characters that mean something in patterns and replacements', () => {
    const redactor = createRedactor();
    redactor.issue('a.*$&(b)');
    expect(redactor.text('x a.*$&(b) y')).toBe('x [redacted] y');
    expect(redactor.text('x axx$&(b) y')).toBe('x axx$&(b) y');
  });
});

describe('a result', () => {
  const redactor = createRedactor();
  redactor.issue('issued-secret');

  it('keeps its shape', () => {
    const value = {
      a: [1, null, undefined, true, 5n, new Date(0)],
      b: { c: 'plain' },
      none: undefined,
    };
    expect(redactor.result(value)).toStrictEqual(value);
    expect(redactor.withoutIssued(value)).toStrictEqual(value);
  });

  it('loses what is hidden, and of the guard’s own secrets alone where that is asked', () => {
    const value = { password: 'x', note: `${JWT} issued-secret`, list: [{ token: 1 }] };
    expect(redactor.result(value)).toEqual({
      password: '[redacted]',
      note: '[redacted] [redacted]',
      list: [{ token: '[redacted]' }],
    });
    expect(redactor.withoutIssued(value)).toEqual({ ...value, note: `${JWT} [redacted]` });
  });

  it.each<[string, () => unknown]>([
    ['a function', () => () => 'issued-secret'],
    [
      'a class instance',
      () =>
        new (class Box {
          value = 'issued-secret';
        })(),
    ],
    ['a map', () => new Map([['a', 'issued-secret']])],
    ['an error', () => new Error('issued-secret')],
    ['bytes', () => Buffer.from('issued-secret')],
    ['a promise', () => Promise.resolve('issued-secret')],
    [
      'a cycle',
      () => {
        const value: unknown[] = [];
        value.push(value);
        return value;
      },
    ],
    [
      'a getter that throws',
      () => ({
        get a(): unknown {
          throw new Error('no');
        },
      }),
    ],
  ])('that holds %s cannot be looked into and is refused', (_name, make) => {
    for (const look of [redactor.result, redactor.withoutIssued]) {
      expect(() => look({ a: [make()] })).toThrow();
    }
  });

  it('that refers to itself over and over does not unfold', () => {
    let value: unknown = { note: 'issued-secret' };
    for (let i = 0; i < 100; i += 1) value = [value, value];
    let inner = redactor.withoutIssued(value);
    for (let i = 0; i < 100; i += 1) inner = (inner as unknown[])[i % 2];
    expect(inner).toEqual({ note: '[redacted]' });
  });
});

describe('with a polluted Object.prototype', () => {
  const prototype = Object.prototype as Record<string, unknown>;

  afterEach(() => {
    delete prototype['keys'];
    delete prototype['patterns'];
  });

  it('a redactor takes no options from there', () => {
    prototype['keys'] = 'x';
    prototype['patterns'] = [/./];
    const { text } = createRedactor({});
    delete prototype['keys'];
    delete prototype['patterns'];
    expect(text('plain text')).toBe('plain text');
  });
});
