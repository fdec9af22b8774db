import { writeSync } from 'node:fs';

import { allowAll, createGuard, isGuardError, layers } from '@guardstile/core';
import { createDataFlow, flowPolicy, type FlowStore } from '@guardstile/data-flow';
import { sqliteFlowStore } from '@guardstile/data-flow/sqlite';

// A process that takes part in a session which is kept in a file, and says a line for each step.

/** What the process does, in order. */
export type Step =
  | readonly ['say', text: string]
  | readonly ['list', result: unknown]
  | readonly ['add', to: string]
  | readonly ['pay', to: string]
  /** From now on the process is killed once a record is in the file, before anybody is told. */
  | readonly ['die'];

const { path, steps } = JSON.parse(process.argv[2] ?? '') as {
  readonly path: string;
  readonly steps: readonly Step[];
};

const tell = (line: string): void => {
  writeSync(1, `${line}\n`);
};

const kept = sqliteFlowStore(path);
let dying = false;
const store: FlowStore = {
  ...kept,
  append(session, record) {
    const position = kept.append(session, record);
    if (dying) process.kill(process.pid, 'SIGKILL');
    return position;
  },
};

const guard = createGuard({
  policy: layers([
    { name: 'app', grants: allowAll() },
    {
      name: 'flow',
      restricts: flowPolicy({
        tools: {
          list: { labels: { '[].to': 'trusted:payee' } },
          pay: { args: { to: { from: ['prompt', 'trusted:payee'] } } },
        },
      }),
    },
  ]),
  dataFlow: createDataFlow({ store }),
  audit: false,
  context: { principal: { id: 'alice' }, session: 's1' },
});

async function take([what, value]: Step): Promise<unknown> {
  switch (what) {
    case 'say':
      return guard.heard([{ role: 'user', text: value }]);
    case 'list':
      return guard.call({ tool: 'list', args: {}, facts: 'readOnly' }, () => value);
    case 'add':
    case 'pay':
      return guard.call({ tool: what, args: { to: value }, facts: 'money' }, () => {
        tell(`ran ${what}`);
      });
    case 'die':
      dying = true;
      return undefined;
  }
}

tell('ready');
for (const step of steps) {
  try {
    await take(step);
    tell(`${step[0]} ok`);
  } catch (error) {
    tell(`${step[0]} ${isGuardError(error) ? error.message : String(error)}`);
  }
}
kept.close();
