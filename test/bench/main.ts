import { writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';

import { aiSdkRows } from './ai-sdk-rows.ts';
import { approvalRows } from './approval-rows.ts';
import { auditRows } from './audit-rows.ts';
import { childRows } from './child-rows.ts';
import { coreRows } from './core-rows.ts';
import { dataFlowRows } from './data-flow-rows.ts';
import { type Group, met } from './figures.ts';
import { generateTextRows } from './generate-text-rows.ts';
import { importRows } from './import-rows.ts';
import { langchainAgentRows, langchainToolRows } from './langchain-rows.ts';
import { limitRows } from './limit-rows.ts';
import { planOf } from './plan.ts';
import { policyRows } from './policy-rows.ts';
import { sandboxRows } from './sandbox-rows.ts';
import { sizeRows } from './size-rows.ts';
import { tableOf } from './table.ts';

// `npm run bench`: prints what the performance goals are and what is reached. Goals are to be beaten,
// so that missing one is no failure; only a benchmark that does not run is.

const plan = planOf(process.argv.slice(2));
const [cpu] = cpus();
const machine = `Node ${process.version}, ${cpus().length} × ${cpu?.model.trim() ?? 'unknown processor'}, load ${(loadavg()[0] ?? 0).toFixed(2)}`;
console.log(
  `${machine}, ${plan.rounds} rounds${plan.quick ? ', quick: figures mean little' : ''}\n`,
);

const groups: Group[] = [];
for (const measureGroup of [
  coreRows,
  policyRows,
  dataFlowRows,
  sandboxRows,
  childRows,
  generateTextRows,
  aiSdkRows,
  langchainToolRows,
  langchainAgentRows,
  auditRows,
  approvalRows,
  limitRows,
  importRows,
  sizeRows,
]) {
  const group = await measureGroup(plan);
  groups.push(group);
  console.log(`${tableOf(group)}\n`);
}

const judged = groups.flatMap(({ rows }) =>
  rows.flatMap((row) => row.targets.map((target) => ({ row, target, met: met(row, target) }))),
);
console.log(`${judged.filter((each) => each.met).length} of ${judged.length} targets met`);

if (plan.json !== undefined) {
  await writeFile(plan.json, `${JSON.stringify({ machine, plan, groups }, undefined, 2)}\n`);
}
