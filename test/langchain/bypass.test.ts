import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { workspaceRoot } from '../support/workspace-root.ts';
import { bypassTable, type Cell, measureBypasses } from './bypass-table.ts';
import { coreEntryPoints } from './entry-points.ts';
import { expectGuarded } from './expect-guarded.ts';
import { graphEntryPoints } from './graph-entry-points.ts';
import { mcpTool } from './mcp-tool.ts';
import { BERN, coreKinds, kind } from './tool-kinds.ts';

const toolKinds = [...coreKinds, kind('MCP tool', BERN, mcpTool)];
const entryPoints = [...coreEntryPoints, ...graphEntryPoints];

const README = join(workspaceRoot, 'adapters/langchain/README.md');

let cells: readonly Cell[] = [];
beforeAll(async () => {
  cells = await measureBypasses(toolKinds, entryPoints);
});

describe.each(toolKinds)('$name', ({ name }) => {
  it.each(entryPoints)('is guarded through $name', ({ name: entry }) => {
    expectGuarded(cells.find((one) => one.kind === name && one.entry === entry));
  });
});

it('stands in the README as it was measured', () => {
  const [, table = ''] = readFileSync(README, 'utf8').split(/<!-- \/?bypass -->/);
  expect(normal(table)).toBe(normal(bypassTable(cells)));
});

/** Formatters align the columns of tables. */
function normal(table: string): string {
  return table.trim().replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---');
}
