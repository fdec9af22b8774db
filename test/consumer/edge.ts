import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleForEdge } from '../edge/bundle.ts';
import { runOnEdge } from '../edge/run.ts';
import { workspaceRoot } from '../support/workspace-root.ts';

/** Runs the installed core without Node built-ins. */
export async function checkEdge(project: string): Promise<string> {
  const entry = join(project, 'edge.ts');
  copyFileSync(join(workspaceRoot, 'test/edge/program.ts'), entry);
  const { code } = await bundleForEdge(entry);
  const { nodeGlobals, allowed, denied, deniedRan, verified } = await runOnEdge(code);
  if (nodeGlobals.length > 0) throw new Error(`the context has ${nodeGlobals.join(', ')}`);
  if (allowed !== 'hello edge') throw new Error(`an allowed call answered ${allowed}`);
  if (denied !== 'denied' || deniedRan) throw new Error(`a denied call answered ${denied}`);
  if (!verified) throw new Error('the audit log does not verify');
  return `${Math.round(code.length / 1024)} kB bundle: one call allowed, one denied, log verified`;
}
