// A web server whose agent does not wait: the call ends, the approval stays open, and the server runs
// the call once it is approved. Run by approve-elsewhere.ts:
// node examples/src/approvals/suspend-server.ts FOLDER
import { join } from 'node:path';
import { createGuard, isGuardError, withGuard } from '@guardstile/ai-sdk';
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
  asks: 'suspend',
  approvals: sqliteApprovals(join(folder, 'approvals.db'), {
    key: keyFile(join(folder, 'approvals.key')),
  }),
  audit: fileAudit(join(folder, 'audit'), { key: keyFile(join(folder, 'audit.key')) }),
});

const execute = (payment: z.infer<typeof Payment>) => pay(folder, payment);

// Wrapped when the server starts, so that the guard knows the tool before anybody calls it.
const tools = withGuard(
  { pay: tool({ description: 'Pays a bill', inputSchema: Payment, execute }) },
  guard,
);

const Body = z.object({
  session: z.string(),
  messages: z.array(z.custom<ModelMessage>()),
  /** The approval to go on with. */
  resume: z.string().optional(),
});

const server = await serve(async (request) => {
  const { session, messages, resume } = Body.parse(await request.json());
  const mine = guard.with({ principal: personOf(request), session });
  if (resume !== undefined) {
    // Only for the person and the session that asked. Runs once, however often this is posted.
    const outcome = await mine.resume(resume, execute).catch((error: unknown) => {
      if (isGuardError(error)) return error.message; // not yet, denied, expired, used already …
      throw error;
    });
    messages.push({ role: 'user', content: `[server] ${resume}: ${outcome}` });
  }
  const { steps, text, responseMessages } = await generateText({
    model: paymentModel(),
    tools: withGuard(tools, mine),
    messages,
    stopWhen: isStepCount(5),
  });
  const errors = steps.flatMap(({ content }) =>
    content.flatMap((part) => (part.type === 'tool-error' ? [part.error] : [])),
  );
  const asked = errors.find(isGuardError)?.aid;
  return Response.json({ asked, text, messages: [...messages, ...responseMessages] });
});

console.log(`listening on ${server.url}`);
process.once('disconnect', () => process.exit()); // it goes when whoever started it goes
