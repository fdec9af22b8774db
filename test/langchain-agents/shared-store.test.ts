import { join } from 'node:path';
import { sqliteApprovals } from '@guardstile/approvals';
import { createGuard } from '@guardstile/langchain';
import { describe, onTestFinished } from 'vitest';

import { SqliteSaver } from '../../examples/src/langchain/sqlite-saver.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { agentWith, byName, type Setup } from './agents.ts';
import { attacksOn } from './attacks.ts';

const KEY = new Uint8Array(32).fill(7);

/** The same agent, each of whose turns is another one's: of another guard over the same two files. */
function restarting(setup: Setup): ReturnType<typeof agentWith> {
  const folder = temporaryDirectory();
  const { policy = byName } = setup;
  function restart() {
    const approvals = sqliteApprovals(join(folder, 'approvals.db'), { key: KEY });
    const checkpointer = new SqliteSaver(join(folder, 'checkpoints.db'));
    onTestFinished(() => {
      approvals.close();
      checkpointer.close();
    });
    return { guard: createGuard({ policy, approvals }), checkpointer };
  }
  return agentWith({ ...setup, wrapped: true, restart });
}

describe('with a guard of its own for every turn, over files that all of them share:', () => {
  attacksOn(restarting);
});
