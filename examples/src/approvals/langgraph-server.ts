// A web server whose agent stops at an interrupt. Checkpoints and approvals are files. Run by
// langchain-approve-elsewhere.ts: node examples/src/approvals/langgraph-server.ts FOLDER
import { join } from 'node:path';
import { sqliteApprovals } from '@guardstile/approvals';
import { createGuard, withGuard } from '@guardstile/langchain';
import { fileAudit } from '@guardstile/langchain/node';
import { Command } from '@langchain/langgraph';
import { createAgent, tool } from 'langchain';
import * as z from 'zod';

import { inputOf, turnOf } from '../langchain/graph-turn.ts';
import { SqliteSaver } from '../langchain/sqlite-saver.ts';
import { keyFile } from '../support/key-file.ts';
import { scriptedChatModel } from '../support/scripted-chat-model.ts';
import { serve } from '../support/serve.ts';
import { pay, Payment, personOf, policy } from './payments.ts';

const [folder = '.'] = process.argv.slice(2);

const guard = createGuard({
  policy,
  approvals: sqliteApprovals(join(folder, 'approvals.db'), {
    key: keyFile(join(folder, 'approvals.key')),
  }),
  audit: fileAudit(join(folder, 'audit'), { key: keyFile(join(folder, 'audit.key')) }),
});

const payment = tool((given) => pay(folder, given), {
  name: 'pay',
  description: 'Pays a bill',
  schema: Payment,
});

/** Stands in for a model that reads amount and creditor out of "Pay 500 to DE1". */
const model = scriptedChatModel([
  (_, said) => {
    const [, amount, to = ''] = /^Pay (\d+) to (\w+)$/.exec(said) ?? [];
    return { tool: 'pay', args: { to, amount: Number(amount) } };
  },
  (results) => results.map(({ text }) => text).join(),
]);

const checkpointer = new SqliteSaver(join(folder, 'checkpoints.db'));
const Body = z.object({ prompt: z.string().optional(), resume: z.unknown().optional() });

const server = await serve(async (request) => {
  const { prompt, resume } = Body.parse(await request.json());
  const principal = personOf(request);
  const agent = createAgent({
    model,
    tools: withGuard([payment], guard.with({ principal })),
    checkpointer,
  });
  // The thread is the session of the guard; whose thread it is, the application knows.
  const config = { configurable: { thread_id: new URL(request.url).pathname } };
  const input = prompt === undefined ? new Command({ resume }) : inputOf(prompt);
  return Response.json(await turnOf(agent.invoke(input as never, config))); // either will do
});

console.log(`listening on ${server.url}`);
process.once('disconnect', () => process.exit()); // it goes when whoever started it goes
