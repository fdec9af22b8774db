import { isGuardError } from '@guardstile/core';
import { type Language, validateCode } from '@guardstile/sandbox';
import { describe, expect, it } from 'vitest';

const reasonOf = (language: Language, code: string, more: object = {}): string | undefined => {
  const result = validateCode(code, { language, ...more });
  return result.ok ? undefined : result.reason;
};

describe('code that is fine', () => {
  it.each<[Language, string]>([
    ['python', 'import math, json\nfrom datetime import date\nprint(f"Pi = {math.pi:.10f}")'],
    ['python', '# import os\nx = "import os"\ny = """\nimport socket\n"""\nmodel.eval()\n'],
    ['python', 'def compile(x):\n    return x\n'],
    ['javascript', 'const s = "require(\'fs\')"; // eval(1)\nconsole.log(`${s}`, a / b / c)'],
    ['javascript', 'const r = /import "fs"/g; /[/"]/.test(x); return_(1) / 2'],
    ['javascript', 'const { from } = Array; Array.from([1]); import.meta'],
    ['shell', 'ls | grep x && echo "done" # eval this\nprintf \'eval x\''],
    ['shell', 'git log --exec'],
  ])('%s: %s', (language, code) => {
    expect(reasonOf(language, code)).toBeUndefined();
  });
});

describe('code that is refused says where and why', () => {
  it.each<[Language, string, string]>([
    ['python', 'import os\nos.system("rm -rf /")', 'line 1: forbidden import: os (allowed: math,'],
    ['python', 'x = 1\nfrom os.path import join', 'line 2: forbidden import: os'],
    ['python', 'import math, socket as s', 'line 1: forbidden import: socket'],
    ['python', 'if x: import subprocess', 'line 1: forbidden import: subprocess'],
    ['python', 'from . import x', 'forbidden import: (relative)'],
    ['python', 'import \\\n  os', 'forbidden import: os'],
    ['python', 'x = 1; eval("1")', 'line 1: forbidden call: eval()'],
    ['python', "__import__('os')", 'forbidden call: __import__()'],
    ['python', 'getattr (x, "y")', 'forbidden call: getattr()'],
    ['python', '().__class__.__bases__[0].__subclasses__()', 'forbidden name: __bases__'],
    ['python', 'print("never ends', 'line 1: a text in quotes never ends'],
    [
      'javascript',
      'import fs from "node:fs"',
      'line 1: forbidden import: node:fs (no module may be imported)',
    ],
    ['javascript', '\n\nawait import("fs")', 'line 3: forbidden import: fs'],
    ['javascript', 'await import(name)', 'forbidden import: (computed)'],
    ['javascript', 'export * from "m"', 'forbidden import: m'],
    ['javascript', 'require("child_process")', 'forbidden call: require()'],
    ['javascript', 'new Function("return this")()', 'forbidden call: Function()'],
    ['javascript', '`${eval("1")}`', 'forbidden call: eval()'],
    ['javascript', 'x = a / eval("1") / b', 'forbidden call: eval()'],
    ['javascript', '/* never ends', 'a text in quotes never ends'],
    ['shell', 'ls; eval "$x"', 'line 1: forbidden call: eval'],
    ['shell', 'echo $(eval x)', 'forbidden call: eval'],
    ['shell', 'echo "`eval x`"', 'forbidden call: eval'],
    ['javascript', 'const a = 1; \u202e evil', 'which makes it look like other code'],
  ])('%s: %s', (language, code, reason) => {
    expect(reasonOf(language, code)).toContain(reason);
  });

  it('names every problem, in the order of the lines', () => {
    const result = validateCode('eval("1")\nimport os\nimport sys', { language: 'python' });
    expect(result).toMatchObject({ ok: false, problems: [{ line: 1 }, { line: 2 }, { line: 3 }] });
  });
});

describe('the rules of code', () => {
  it('are replaced by those given, and an empty list permits nothing', () => {
    const code = 'import math\nimport numpy';
    expect(reasonOf('python', code, { allowedImports: ['math', 'numpy'] })).toBeUndefined();
    expect(reasonOf('python', code, { allowedImports: [] })).toContain(
      'forbidden import: math (no module',
    );
    expect(reasonOf('python', 'open("x")', { forbiddenCalls: ['open'] })).toContain(
      'forbidden call: open()',
    );
    expect(reasonOf('python', 'eval("x")', { forbiddenCalls: [] })).toBeUndefined();
    expect(reasonOf('python', 'x'.repeat(101), { maxLength: 100 })).toContain('longer than 100');
  });

  it('refuse what is no code and no language', () => {
    expect(reasonOf('python', 5 as never)).toContain('no text');
    const wrong = (): unknown => validateCode('', { language: 'perl' as never });
    expect(wrong).toThrow(/language has to be one of javascript, python, shell/);
    try {
      wrong();
    } catch (error) {
      expect(isGuardError(error) && error.code).toBe('options_invalid');
    }
  });
});
