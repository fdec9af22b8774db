// What rules cost a type check: 300 tools alone, and the same tools with 300 rules.
// node packages/policy/test/measure-types.ts [ROUNDS]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const TOOLS = 300;
const ROUNDS = Number(process.argv[2] ?? 5);
const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '../../..');

const numbers = Array.from({ length: TOOLS }, (_, i) => i);

const tools = `
import { tool } from 'ai';
import { z } from 'zod';
export const tools = {
${numbers.map((i) => `  tool${i}: tool({ inputSchema: z.object({ id${i}: z.string(), amount: z.number(), kind: z.enum(['a${i}', 'b']), note: z.string().optional(), to: z.array(z.string()), at: z.object({ zip: z.string() }) }), execute: async ({ amount }) => amount }),`).join('\n')}
};
`;

const effects = ['allow', 'ask', 'deny'] as const;
/** As people write them: two conditions, approvers, a function; one in ten goes into lists and objects. */
const rule = (i: number): string => {
  const deep = `, to: { every: { email: '*@a.b' } }, at: { where: { zip: { in: ['1', '2'] } } }`;
  const where = `where: { amount: { gt: ${i} }, kind: 'a${i}'${i % 10 === 0 ? deep : ''} }`;
  const when = `when: (args, context) => args.amount > ${i} && args.id${i} !== context.principal.id`;
  const asks = `${where}, approvers: 'role:finance', editable: ['amount']`;
  const rest = [where, asks, when][i % 3] ?? where;
  return `  t.tool${i}.${effects[i % 3] ?? 'allow'}({ id: 'r${i}', ${rest} }),`;
};
const rules = `
import { definePolicy } from '@guardstile/policy';
import { tools } from './tools.ts';
export const policy = definePolicy(tools, (t) => [
${numbers.map(rule).join('\n')}
]);
`;

/** Seconds of one check by the compiler itself. */
function check(
  folder: string,
  config: string,
): { readonly seconds: number; readonly types: number } {
  const args = [
    join(root, 'node_modules/typescript/bin/tsc'),
    '-p',
    join(folder, config),
    '--extendedDiagnostics',
    '--singleThreaded',
  ];
  const { stdout, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stdout.slice(0, 2000));
  const figure = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+([\\d.]+)`, 'm').exec(stdout)?.[1]);
  return { seconds: figure('Check time'), types: figure('Instantiations') };
}

function configOf(files: readonly string[]): string {
  return JSON.stringify({
    extends: join(root, 'examples/tsconfig.json'),
    compilerOptions: { rootDir: root, noEmit: true, incremental: false, types: [] },
    files,
    references: [],
  });
}

const folder = mkdtempSync(join(here, '.types-'));
try {
  writeFileSync(join(folder, 'tools.ts'), tools);
  writeFileSync(join(folder, 'rules.ts'), rules);
  writeFileSync(join(folder, 'alone.json'), configOf(['tools.ts']));
  writeFileSync(join(folder, 'both.json'), configOf(['tools.ts', 'rules.ts']));
  const fastest = { alone: Infinity, both: Infinity };
  for (let round = 0; round < ROUNDS; round += 1) {
    const alone = check(folder, 'alone.json');
    const both = check(folder, 'both.json');
    fastest.alone = Math.min(fastest.alone, alone.seconds);
    fastest.both = Math.min(fastest.both, both.seconds);
    console.log(
      `${alone.seconds.toFixed(2)} s and ${both.seconds.toFixed(2)} s (${alone.types} and ${both.types} instantiations)`,
    );
  }
  // Whatever else the machine does only adds: the fastest checks are the truest.
  const ratio = (fastest.both / fastest.alone).toFixed(2);
  console.log(`${TOOLS} tools with ${TOOLS} rules: ${ratio} × the tools alone (goal: at most 1.3)`);
} finally {
  rmSync(folder, { recursive: true });
}
