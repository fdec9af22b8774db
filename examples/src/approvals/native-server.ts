// A web server whose agent asks through the SDK's own approval parts. Run by approve-elsewhere.ts:
// node examples/src/approvals/native-server.ts FOLDER
import { join } from 'node:path';
import { createGuard, withGuard } from '@guardstile/ai-sdk';
import { fileAudit } from '@guardstile/ai-sdk/node';
import { sqliteApprovals } from '@guardstile/approvals';
import { generateText, isStepCount, type ModelMessage, tool } from 'ai';
import * as z from 'zod';

import { keyFile } from '../support/key-file.ts';
import { serve } from '../support/serve.ts';
import { paymentModel } from './payment-model.ts';
import { pay, Payment, personOf, policy } from './payments.ts';

const [folder = '.'] = process.argv.slice(2);

const guard = createGuard({
  policy,
  approvals: sqliteApprovals(join(folder, 'approvals.db'), {
    key: keyFile(join(folder, 'approvals.key')),
  }),
  audit: fileAudit(join(folder, 'audit'), { key: keyFile(join(folder, 'audit.key')) }),
});

const tools = {
  pay: tool({
    description: 'Pays a bill',
    inputSchema: Payment,
    execute: (payment) => pay(folder, payment),
  }),
};

const Body = z.object({ session: z.string(), messages: z.array(z.custom<ModelMessage>()) });

const server = await serve(async (request) => {
  const { session, messages } = Body.parse(await request.json());
  const guarded = withGuard(tools, guard.with({ principal: personOf(request), session }));
  const { content, text, responseMessages } = await generateText({
    model: paymentModel(),
    tools: guarded,
    messages, // with an answer to the approval in the last one, the SDK resumes the call
    stopWhen: isStepCount(5),
  });
  const asked = content.find((part) => part.type === 'tool-approval-request')?.approvalId;
  return Response.json({ asked, text, messages: [...messages, ...responseMessages] });
});

console.log(`listening on ${server.url}`);
process.once('disconnect', () => process.exit()); // it goes when whoever started it goes
