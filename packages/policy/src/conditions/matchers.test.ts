import { describe, expect, it } from 'vitest';
import type { Condition } from '../document.ts';
import { placeIn, type PolicyIssue } from '../issues.ts';
import type { Truth } from '../truth.ts';
import { ABSENT, readField } from './check.ts';
import { matchesGlob } from './glob.ts';
import { readWhere, testFields } from './where.ts';

/** Whether a value meets a condition; `undefined` where that cannot be told. */
function meets(condition: Condition, value: unknown): Truth {
  const issues: PolicyIssue[] = [];
  const checks = readWhere({ v: condition }, placeIn(issues));
  expect(issues).toEqual([]);
  return testFields(checks, { v: value });
}

type Row = readonly [value: unknown, expected: Truth];

function table(condition: Condition, rows: readonly Row[]): void {
  for (const [value, expected] of rows)
    expect([value, meets(condition, value)]).toEqual([value, expected]);
}

describe('operators', () => {
  it('compare values of the same type only', () => {
    table('EUR', [
      ['EUR', true],
      ['eur', false],
      [5, undefined],
      [null, undefined],
      [undefined, undefined],
    ]);
    table({ eq: 5 }, [
      [5, true],
      [5n, true],
      [6, false],
      ['5', undefined],
      [Number.NaN, undefined],
    ]);
    table({ eq: true }, [
      [true, true],
      [false, false],
      [1, undefined],
    ]);
    table({ eq: null }, [
      [null, true],
      ['x', false],
      [undefined, undefined],
    ]);
    table({ in: ['a', 'b', null] }, [
      ['b', true],
      [null, true],
      ['c', false],
      [5, undefined],
    ]);
    table({ in: [] }, [['a', false]]);
    table({ eq: 0 }, [
      [0, true],
      [-0, true],
    ]);
  });

  it('order numbers', () => {
    table({ gt: 1, lte: 3 }, [
      [1, false],
      [1.5, true],
      [3, true],
      [4, false],
      ['2', undefined],
    ]);
    table({ lt: 3 }, [
      [2n, true],
      [3n, false],
    ]);
    table({ gte: 3 }, [
      [3, true],
      [2, false],
      [Infinity, undefined],
    ]);
  });

  it('look at the ends of texts', () => {
    table({ startsWith: 'acme/' }, [
      ['acme/x', true],
      ['x/acme/', false],
      [['acme/'], undefined],
    ]);
    table({ endsWith: '.md' }, [
      ['a.md', true],
      ['a.md.exe', false],
      [undefined, undefined],
    ]);
  });

  it('ask every or some of the items of a list', () => {
    table({ every: { endsWith: '@a.b' } }, [
      [['x@a.b', 'y@a.b'], true],
      [['x@a.b', 'y@c.d'], false],
      [['x@a.b', 5], undefined],
      [['y@c.d', 5], false],
      [[], true],
      ['x@a.b', undefined],
    ]);
    table({ some: { eq: 'x' } }, [
      [['a', 'x'], true],
      [['a'], false],
      [['a', 5], undefined],
      [['x', 5], true],
      [[], false],
    ]);
    table({ some: { where: { kind: 'file' } } }, [
      [[{ kind: 'file' }], true],
      [[{ kind: 'url' }], false],
      [[{}], undefined],
    ]);
  });

  it('know of a field that is missing only that it is', () => {
    table({ exists: true }, [
      ['x', true],
      [null, true],
      [undefined, false],
    ]);
    table({ exists: false }, [
      ['x', false],
      [undefined, true],
    ]);
    table({ not: 'x' }, [
      ['y', true],
      ['x', false],
      [undefined, undefined],
      [5, undefined],
    ]);
    table({ exists: true, eq: 'x' }, [
      [undefined, false],
      ['x', true],
    ]);
    table({ not: { exists: true, eq: 'x' } }, [
      [undefined, true],
      ['x', false],
      ['y', true],
    ]);
  });

  it('look into objects, at their own fields only', () => {
    const condition: Condition = { where: { country: 'DE', address: { where: { zip: '1' } } } };
    table(condition, [
      [{ country: 'DE', address: { zip: '1' } }, true],
      [{ country: 'FR' }, false],
      [{ country: 'DE' }, undefined],
      [Object.create({ country: 'DE', address: { zip: '1' } }), undefined],
      ['DE', undefined],
    ]);
    expect(readField({ a: 1 }, ['toString'])).toBe(ABSENT);
    expect(readField([1], ['0'])).toBe(1);
  });
});

describe('path', () => {
  it('is resolved before it is compared', () => {
    table({ path: '/data' }, [
      ['/data', true],
      ['/data/a/b.txt', true],
      ['/data/', true],
      ['//data/a', undefined],
      ['/data/./a', true],
      ['/data/a/../b', true],
      ['/data/../etc/passwd', false],
      ['/data/a/../../etc', false],
      ['/database', false],
      ['/data-old/x', false],
      ['/', false],
      ['/../../data/x', true],
      ['/etc/passwd', false],
    ]);
  });

  it('is not known where it starts from somewhere unknown', () => {
    table({ path: '/data' }, [
      ['a.txt', undefined],
      ['../data/a', undefined],
      ['~/data/a', undefined],
      ['~root/x', undefined],
      ['file:///data/a', undefined],
      ['c:/data/a', undefined],
      ['', undefined],
      ['/data/\u0000/../x', undefined],
      [5, undefined],
      [['/data/a'], undefined],
    ]);
    table({ path: 'docs' }, [
      ['docs/a', true],
      ['./docs/a', true],
      ['docs/../a', false],
      ['../docs/a', undefined],
      ['/docs/a', undefined],
    ]);
    table({ path: '.' }, [
      ['a/b', true],
      ['a/../b', true],
      ['../b', undefined],
      ['a/../../b', undefined],
      ['..', undefined],
    ]);
    table({ path: '../shared' }, [
      ['../shared/a', true],
      ['../other', false],
      ['shared/a', undefined],
      ['../../shared/a', undefined],
    ]);
    table({ path: { glob: '*/*.md' } }, [
      ['docs/a.md', true],
      ['../a.md', undefined],
      ['docs/../../a.md', undefined],
    ]);
    table({ path: { under: 'docs', base: '/srv/app' } }, [
      ['docs/a', true],
      ['/srv/app/docs/a', true],
      ['../app/docs/a', true],
      ['../../etc', false],
    ]);
  });

  it('is not known where systems read it differently', () => {
    table({ path: '/data' }, [
      ['/data/..\\..\\etc', undefined],
      ['/DATA/a', undefined],
      ['\\\\server\\share', undefined],
      ['/data/a\\b', true],
    ]);
    table({ path: { glob: '**/.env' } }, [
      ['/app/.env', true],
      ['/app/.ENV', undefined],
      ['/app/x\\.env', undefined],
      ['/app/env', false],
      ['.env', true],
    ]);
    table({ path: '/caf\u00e9' }, [
      ['/caf\u00e9/x', true],
      ['/cafe\u0301/x', undefined],
    ]);
    table({ path: 'c:/data' }, [
      ['C:\\data\\x', undefined],
      ['c:/data/x', true],
      ['C:/data/x', true],
      ['c:/DATA/x', undefined],
      ['d:/data/x', undefined],
    ]);
  });

  it('can match patterns by its names', () => {
    table({ path: { glob: '/data/**/*.md' } }, [
      ['/data/a.md', true],
      ['/data/x/y/a.md', true],
      ['/data/x/a.txt', false],
      ['/etc/a.md', false],
      ['/data/../etc/a.md', false],
    ]);
    table({ path: { under: '/a', glob: '/b/?.txt' } }, [
      ['/a/x', true],
      ['/b/x.txt', true],
      ['/b/xy.txt', false],
    ]);
  });

  it('takes no longer for patterns that make others hang', () => {
    const stars = Array.from({ length: 50 }, () => '**').flatMap((star) => [star, 'a']);
    expect(
      matchesGlob(
        Array.from({ length: 200 }, () => 'a'),
        [...stars, 'b'],
      ),
    ).toBe(false);
    expect(matchesGlob(['a'.repeat(10_000)], [`${'*a'.repeat(50)}b`])).toBe(false);
    expect(matchesGlob(['abcabc'], ['*abc'])).toBe(true);
    expect(matchesGlob([], ['**'])).toBe(true);
    expect(matchesGlob([], ['*'])).toBe(false);
  });
});

describe('domain', () => {
  it('is the host that a URL leads to', () => {
    table({ domain: 'api.example.com' }, [
      ['https://api.example.com/x?y#z', true],
      ['http://API.example.com', true],
      ['https://api.example.com.', true],
      ['https://api.example.com:443/', true],
      [new URL('https://api.example.com/'), true],
      ['api.example.com', true],
      ['https://example.com', false],
      ['https://x.api.example.com', false],
      ['https://api.example.com.evil.com', false],
      ['https://evil.com/api.example.com', false],
      ['https://evil.com#api.example.com', false],
      ['https://evil.com?https://api.example.com', false],
      ['evil.com', false],
    ]);
  });

  it('is not known where parsers read it differently, or it says less than the rule', () => {
    table({ domain: 'api.example.com' }, [
      ['https://api.example.com@evil.com/', undefined],
      ['https://user:pw@api.example.com/', undefined],
      ['https://evil.com\\@api.example.com/', undefined],
      ['https://api.example.com\t.evil.com', undefined],
      [' https://api.example.com', undefined],
      ['https:api.example.com', undefined],
      ['//api.example.com', undefined],
      ['ftp://api.example.com', undefined],
      ['https://api.example.com:8443', undefined],
      ['api.example.com/x', undefined],
      ['', undefined],
      [5, undefined],
      [undefined, undefined],
    ]);
  });

  it('can be every host below one, with a scheme and a port', () => {
    table({ domain: '*.example.com' }, [
      ['https://a.b.example.com', true],
      ['https://example.com', false],
      ['https://badexample.com', false],
    ]);
    table({ domain: ['https://example.com:8443'] }, [
      ['https://example.com:8443', true],
      ['https://example.com', false],
      ['http://example.com:8443', false],
      ['example.com:8443', undefined],
    ]);
  });

  it('knows other ways to write the same host', () => {
    table({ domain: '127.0.0.1' }, [
      ['http://0x7f.1', true],
      ['http://2130706433', true],
      ['http://127.1', true],
      ['http://[::1]', false],
    ]);
    table({ domain: 'b\u00fccher.de' }, [
      ['https://xn--bcher-kva.de', true],
      ['https://B\u00dcCHER.de', true],
    ]);
    table({ domain: '[::1]' }, [
      ['http://[::1]/', true],
      ['http://[0:0::1]/', true],
    ]);
  });
});

describe('email', () => {
  it('is one plain address', () => {
    table({ email: '*@acme.com' }, [
      ['ann@acme.com', true],
      ['ann@ACME.com', true],
      ['ann@evil.com', false],
      ['ann@sub.acme.com', false],
      ['ann@acme.com.evil.com', false],
      ['ann@acme.com, bob@evil.com', undefined],
      ['ann@acme.com\nBcc: bob@evil.com', undefined],
      ['Ann <ann@acme.com>', undefined],
      ['"a@evil.com"@acme.com', undefined],
      ['bob@evil.com@acme.com', undefined],
      ['bob%evil.com@acme.com', undefined],
      ['evil.com!bob@acme.com', undefined],
      [['ann@acme.com'], undefined],
    ]);
    table({ email: 'ann@acme.com' }, [
      ['ann@acme.com', true],
      ['ANN@acme.com', undefined],
      ['anna@acme.com', false],
    ]);
    table({ email: '*@*.acme.com' }, [
      ['a@x.acme.com', true],
      ['a@acme.com', false],
    ]);
  });
});

describe('command', () => {
  it('is known by its words', () => {
    table(
      {
        command: [
          ['git', 'status'],
          ['git', 'log', '**'],
          ['ls', '*'],
        ],
      },
      [
        [['git', 'status'], true],
        [['git', 'status', '-s'], false],
        [['git', 'log'], true],
        [['git', 'log', '-p', 'x'], true],
        [['git', 'push'], false],
        [['ls', '/tmp'], true],
        [['ls'], false],
        [['rm', '-rf', '/'], false],
        [['/usr/bin/git', 'status'], undefined],
        [['GIT.exe', 'status'], undefined],
        [[], undefined],
        [['git', 5], undefined],
      ],
    );
  });

  it('tells nothing of a raw command line that is not exactly the one', () => {
    table({ command: 'git status' }, [
      ['git status', true],
      ['git status; rm -rf /', undefined],
      ['git  status', undefined],
      ['ls', undefined],
    ]);
    table({ not: { command: 'rm -rf /' } }, [
      ['rm -rf / ', undefined],
      ['rm -rf /', false],
    ]);
  });
});

describe('a shell line', () => {
  const few: Condition = { command: [['git', 'log', '**'], ['ls', '**'], 'make all'] };

  it('is known where it holds nothing but commands that are', () => {
    table(few, [
      ['git log', true],
      ['git log --oneline -n 5 | ls -la && ls; ls || ls', true],
      [`ls 'a b' "c d" x"y z"'!'`, true],
      ['make all', true],
    ]);
  });

  it('is not known otherwise, and never known to be none of them', () => {
    const lines = [
      'git push',
      'ls; rm -rf /',
      'ls && env rm',
      'make all; ls',
      '/bin/ls',
      './ls',
      'ls > out',
      'ls $HOME',
      'ls `rm x`',
      'ls "$(rm x)"',
      'ls *',
      'ls ~',
      'ls =ls',
      'ls {a,b}',
      'ls &',
      'ls |& ls',
      '! ls',
      'time ls',
      'A=b ls',
      'l\\s',
      '"ls"',
      'ls\nls',
      'ls\tx',
      'ls\u00a0x',
      'ls # comment',
      '(ls)',
      '{ ls; }',
      'if ls; then ls; fi',
      'ls <<< x',
      "ls $'x'",
      'ls "unclosed',
      '',
      ';',
      `ls ${'x'.repeat(20_000)}`,
    ];
    table(
      few,
      lines.map((line) => [line, undefined]),
    );
    table(
      { not: few },
      lines.map((line) => [line, undefined]),
    );
  });

  it('does not become known by what the shell itself offers, whatever is allowed', () => {
    const any = ['eval', 'exec', 'source', 'alias', 'command', 'export', 'trap', 'test', 'printf'];
    const condition = { command: any.map((program) => [program, '**']) };
    table(
      condition,
      [
        'eval ls',
        'exec ls',
        'source x',
        'alias ls=rm',
        'command rm',
        'export A=b',
        'trap rm EXIT',
        "test -v 'a[$(rm)]'",
        "printf -v 'a[$(rm)]' x",
      ].map((line) => [line, undefined]),
    );
    table(condition, [['test -f x && printf hello', true]]);
  });
});

describe('amount', () => {
  it('is exact, in units or as a decimal, and never both', () => {
    table({ amount: { lte: 50_000 } }, [
      [50_000, true],
      [50_001, false],
      [50_000n, true],
      [0.1 + 0.2, undefined],
      [2 ** 53, undefined],
      ['500.00', undefined],
      [-1, undefined],
      [-1n, undefined],
      [-0, undefined],
      [Number.NaN, undefined],
    ]);
    table({ amount: { gt: '0', lte: '500.00' } }, [
      ['500', true],
      ['500.0000', true],
      ['500.01', false],
      ['0.30000000000000004', true],
      ['0', false],
      ['-1.50', undefined],
      ['1e2', undefined],
      ['0x10', undefined],
      ['1,000', undefined],
      [' 1', undefined],
      ['9'.repeat(1000), undefined],
      [500, undefined],
    ]);
    table({ amount: { eq: '0.1' } }, [
      ['0.10', true],
      ['0.1000000001', false],
    ]);
  });

  it('is 0 or more, unless a bound says otherwise', () => {
    table({ amount: { gt: 500 } }, [[-1, undefined]]);
    table({ not: { amount: { lte: 500 } } }, [[-1, undefined]]);
    table({ amount: { gte: -500, lte: 500 } }, [
      [-1, true],
      [-501, false],
    ]);
    table({ amount: { gte: '-0.50' } }, [['-0.5', true]]);
  });
});
