import { codeSandbox, type Language, validateCode } from '@guardstile/sandbox';
import { afterAll, describe, expect, it } from 'vitest';
import { matching } from './support/texts.ts';
import { itWithOs } from './support/where.ts';

/** What models write, and nobody should refuse. */
const HARMLESS: Readonly<Record<Language, readonly string[]>> = {
  javascript: [
    "console.log(`It's ${new Date().getFullYear()} already`);",
    'const s = \'a"b\'; const t = "it\'s"; `${s}-${t}`',
    "/* don't */ const a = 1; // it's",
    "const re = /['\"`]/g; 'x'.replace(re, '')",
    'const html = `<a href="x">don\'t</a>`;',
    'const o = { eval: 1, require: 2 }; o.eval + o.require',
    'const t = `a${`b${1}c`}d`;',
    'const md = `\\`\\`\\`js\ncode\n\\`\\`\\``;',
    "const o = `${JSON.stringify({ a: { b: 1 } })}`; // it's",
    "const p = '/usr/bin/env'.split('/').length / 2 / 3;",
    'const n = 1_000_000n ** 2n; String(n)',
    "const from = 'a'; const to = 'b'; from + to",
    'const price = `$5 and ${5} $`;',
    "const rows = readFile('a.csv').split(/\\r?\\n/).map((l) => l.split(','));",
  ],
  python: [
    'import math\nprint(f"Pi = {math.pi:.10f}")',
    'def f(x):\n    """It\'s a doc."""\n    return x',
    "import re\nre.compile(r\"it's\").match('a')",
    'from datetime import (\n    date,\n    timedelta,\n)\ndate.today()',
    "print('don\\'t')\n# it's a comment\ns = '''multi\nit's\n'''",
    'text = "from os import path"\nprint("import os")',
    'def locals_of(x): return x\nlocals_of(1)',
  ],
  shell: [
    'echo "it\'s $(date)"',
    "cat > a.txt <<'EOF'\nit's\n\"quoted\nEOF\necho done",
    "cat <<-END\n\tindented it's\n\tEND\necho x",
    'x=$((1 << 2)); echo $x',
    'if [ -f a ]; then echo "don\'t"; fi',
    "sed -e 's/a/b/' -e \"s/it's/x/\" f",
    'VAR="${HOME:-/tmp}"; echo "${VAR#/}"',
    "echo a\\ b it\\'s; tr 'a-z' 'A-Z' <<< \"x\"",
    'echo "exec summary; eval later"',
    'case $1 in a) echo a;; *) echo b;; esac',
  ],
};

describe('the check of code', () => {
  it.each(Object.entries(HARMLESS))('lets harmless %s through', (language, codes) => {
    const refused = codes.filter(
      (code) => !validateCode(code, { language: language as Language }).ok,
    );
    expect(refused).toEqual([]);
  });

  it.each<[Language, string]>([
    ['javascript', '`${eval("1")}`'],
    ['javascript', '`a${`b${eval(1)}`}`'],
    ['javascript', '`${{}}`; eval(1)'],
    ['javascript', '`}${1}`; eval("x")'],
    ['javascript', '`${import("fs")}`'],
    ['javascript', '`${1'],
    ['shell', 'echo "$(eval x)"'],
    ['shell', 'echo "`eval x`"'],
    ['shell', 'echo "$(echo "$(eval x)")"'],
    ['shell', "cat <<E\nit's\nE\neval y"],
    ['shell', 'cat <<E\nno end'],
  ])('still sees the code within the texts of %s: %s', (language, code) => {
    expect(validateCode(code, { language })).toHaveProperty('ok', false);
  });

  it.each<[Language, string]>([
    ['javascript', '/['],
    ['javascript', '/*/'],
    ['javascript', '/[\\]'],
    ['javascript', '`${'],
    ['python', "'''\\"],
    ['python', '"'],
    ['shell', '<<a\n'],
    ['shell', '"$('],
  ])('reads %s of 100,000 characters in one go: %s', (language, part) => {
    const code = part.repeat(100_000 / part.length);
    expect(validateCode(code, { language })).toHaveProperty('ok');
  });
});

describe('files that code writes', () => {
  const js = codeSandbox({ language: 'javascript' });
  afterAll(() => js.close?.());

  it.each(['../up', '/etc/cron.d/x', 'a/../../x', '..', '', 'a\\..\\x', 'C:/x', 'a\u0000b'])(
    'have no name that leads elsewhere: %j',
    async (name) => {
      const result = await js.execute(`writeFile(${JSON.stringify(name)}, 'x')`);
      expect(result).toMatchObject({
        outcome: 'error',
        error: { message: matching(/is no file; name it by a relative path/) },
        files: [],
      });
    },
  );

  it('may have names in any writing', async () => {
    const result = await js.execute("writeFile('données/été 1.txt', 'x')", {
      files: { 'entrée.txt': 'y' },
    });
    expect(result).toMatchObject({ files: [{ name: 'données/été 1.txt', text: 'x' }] });
  });
});

describe('what code prints and writes', () => {
  const js = codeSandbox({ language: 'javascript' });
  afterAll(() => js.close?.());

  it('does not end at a NUL, and holds whatever a text can', async () => {
    const code = `const text = 'a\\0b\\ud800'; console.log(text); writeFile('f', text); text`;
    expect(await js.execute(code)).toEqual({
      outcome: 'value',
      result: 'a\0b\ud800',
      stdout: 'a\0b\ud800\n',
      stderr: '',
      files: [{ name: 'f', text: 'a\0b\ufffd' }],
    });
  });
});

describe('the settings of the kernel', () => {
  const shell = codeSandbox({ language: 'shell' });
  afterAll(() => shell.close?.());

  // An application that runs as root is root to the kernel inside as well: opened is as good as written.
  itWithOs('cannot be opened for writing, whoever runs the application', async () => {
    const files = [
      '/proc/sys/kernel/core_pattern',
      '/proc/sys/vm/swappiness',
      '/proc/sys/kernel/hostname',
      '/proc/sysrq-trigger',
      '/proc/self/oom_score_adj',
      '/proc/1/mem',
      '/proc/$PPID/mem',
    ];
    const code = files.map((file) => `(: >> ${file}) 2>/dev/null && echo ${file}`).join('\n');
    expect(await shell.execute(`${code}\necho tried`)).toMatchObject({ stdout: 'tried\n' });
  });
});
