import { commandMatcher } from '@guardstile/policy';
import { commandSandbox } from '@guardstile/sandbox';
import { describe, expect, it } from 'vitest';

import { itWhere } from '../faults/it-where.ts';
import { confined } from './confined.ts';
import { payloads, payloadsAreHere } from './payloads.ts';
import { randomLines } from './random-lines.ts';
import { canReallyRun, reallyRun } from './really-run.ts';
import { EVIL_LINES, HARMLESS_PROGRAMS, USUAL_LINES } from './shell-lines.ts';

const itWithBash = itWhere(canReallyRun, 'bubblewrap');
const itWithPayloads = itWhere(
  canReallyRun && payloadsAreHere,
  'bubblewrap and ../shared/data/payloads.json.gz',
);

// In full: GUARDSTILE_SHELL_LINES=10000 npx vitest run test/sandbox/command.shell.test.ts
const LINES = Number(process.env['GUARDSTILE_SHELL_LINES'] ?? 500);
const FULL = LINES >= 10_000;
const SEED = Number(process.env['GUARDSTILE_SHELL_SEED'] ?? 20261121);

const allow = HARMLESS_PROGRAMS.map((program) => [program, '**']);
const sandbox = commandSandbox({ allow });
const isHarmless = commandMatcher(allow);

const passes = async (command: string): Promise<boolean> =>
  typeof (await confined(sandbox, { command })) !== 'string';

/** The lines that the sandbox lets through, which the policy's matcher has to agree on. */
async function allowedOf(lines: readonly string[]): Promise<readonly string[]> {
  const allowed: string[] = [];
  for (const line of lines) {
    const passed = await passes(line);
    expect([line, isHarmless(line)]).toEqual([line, passed]);
    if (passed) allowed.push(line);
  }
  return allowed;
}

describe('a shell line', () => {
  itWithBash('in which bash really starts what is not allowed is refused', async () => {
    const ran = reallyRun(EVIL_LINES);
    expect(ran.size).toBeGreaterThan(130);
    const evil = EVIL_LINES.filter((_, i) => ran.has(i));
    expect(await allowedOf(evil)).toEqual([]);
    console.log(`${EVIL_LINES.length} lines, evil really ran in ${ran.size}, 0 of them allowed`);
  });

  itWithPayloads(
    'of public lists is refused where it really starts what is not allowed',
    async () => {
      const strings = payloads('shellInjection').filter((text) => !/\0|\(\)\s*\{/.test(text));
      const evil = strings.flatMap((text) => {
        const own = text.replace(
          /(?:\/usr)?(?:\/s?bin\/)?\b(?:id|whoami|uname|ls|cat|ping|sleep|netstat|ifconfig|dir|phpversion|wget|curl|nc|perl|python|echo|cmd|net|ipconfig)\b/g,
          'evil',
        );
        return FULL
          ? [own, `ls ${own}`, `ls ${text}; evil`, `echo "${own}"`, `echo '${own}'`]
          : [`ls ${own}`];
      });
      const ran = reallyRun(evil);
      expect(ran.size).toBeGreaterThan(evil.length / 15);
      const running = evil.filter((_, i) => ran.has(i));
      expect(await allowedOf(running)).toEqual([]);
      console.log(
        `${evil.length} lines of ${strings.length} strings, evil really ran in ${ran.size}, 0 of them allowed`,
      );
    },
    10 * 60_000,
  );

  itWithBash(
    'that is put together at random is not allowed if it starts anything else',
    async () => {
      const lines = randomLines(LINES, SEED);
      const ran = reallyRun(lines);
      expect(ran.size).toBeGreaterThan(LINES / 50);
      const allowed = await allowedOf(lines);
      expect(allowed.length).toBeGreaterThan(LINES / 100);
      const indices = new Map(lines.map((line, i) => [line, i]));
      expect(allowed.filter((line) => ran.has(indices.get(line) ?? -1))).toEqual([]);
      console.log(
        `seed ${SEED}: ${LINES} lines, evil ran in ${ran.size}, ${allowed.length} allowed, none in both`,
      );
    },
    10 * 60_000,
  );

  it('that agents often ask for is refused only for what a shell would put into it', async () => {
    const programs = new Set(USUAL_LINES.flatMap((line) => line.split(/[^\w.-]+/)));
    const usual = commandMatcher([...programs].filter(Boolean).map((one) => [one, '**']));
    const refused = USUAL_LINES.filter((line) => !usual(line));
    console.log(`${refused.length} of ${USUAL_LINES.length} usual lines are refused`);
    // Patterns, variables, redirections, assignments, loops, `[`, quoted $, HEAD~1: nothing else.
    expect(refused.filter((line) => !/[*$<>[~]|^\w+=|^for /.test(line))).toEqual([]);
    expect(refused.length).toBeLessThan(USUAL_LINES.length * 0.2);
  });
});
