import { join } from 'node:path';
import {
  createGuard,
  type Principal,
  recordDenials,
  standardPolicy,
  withGuard,
} from '@guardstile/ai-sdk';
import { guardOptions } from '@guardstile/ai-sdk/v7';
import { sqliteApprovals } from '@guardstile/approvals';
import {
  convertToModelMessages,
  createUIMessageStreamResponse,
  isStepCount,
  safeValidateUIMessages,
  streamText,
  toUIMessageStream,
} from 'ai';
import * as z from 'zod';

import { keyFile } from '../support/key-file.ts';
import { chatModel } from './model.ts';
import type { OpenApproval } from './open-approval.ts';
import { shopTools } from './tools.ts';

/** Handlers for the route of a chat, as frameworks with route handlers take them. */
export interface ChatRoute {
  /** Continues a conversation. */
  POST(request: Request): Promise<Response>;
  /** What a conversation waits for: a list of {@link OpenApproval}. */
  GET(request: Request): Promise<Response>;
  close(): Promise<void>;
}

/** How a request is authenticated is up to the application; here by a cookie. */
const PEOPLE = new Map<string, Principal>([
  ['demo-session-of-ann', { id: 'ann', tenant: 'shop' }],
  ['demo-session-of-bob', { id: 'bob', tenant: 'shop' }],
]);

const Body = z.object({ id: z.string(), messages: z.array(z.unknown()) });

/** Created once per process. Approvals outlive it: they are in the folder, for whoever comes next. */
export function createChatRoute(folder: string): ChatRoute {
  const approvals = sqliteApprovals(join(folder, 'approvals.db'), {
    key: keyFile(join(folder, 'approvals.key')),
  });
  const shop = shopTools(join(folder, 'refunds.jsonl'));
  const guard = createGuard({
    policy: standardPolicy(),
    facts: { orderStatus: 'readOnly', refund: 'money' },
    approvals,
  });

  return {
    async POST(request) {
      const principal = personOf(request);
      if (principal === undefined) return new Response('who are you?', { status: 401 });
      const body = Body.safeParse(await request.json().catch(() => undefined));
      if (!body.success) return new Response('not a conversation', { status: 400 });
      // Who asks comes from the cookie, never from the conversation, which a client can make up.
      const mine = guard.with({ principal, session: body.data.id });
      const tools = withGuard(shop, mine);
      const chat = await safeValidateUIMessages({ messages: body.data.messages, tools });
      if (!chat.success) return new Response('not a conversation', { status: 400 });
      const messages = await convertToModelMessages(chat.data, { tools });
      // The SDK calls nothing for what a person has denied, so it is counted here.
      await recordDenials(tools, messages);
      const result = streamText({
        model: chatModel(),
        ...guardOptions(tools),
        messages,
        stopWhen: isStepCount(5),
        abortSignal: request.signal,
      });
      return createUIMessageStreamResponse({
        stream: toUIMessageStream({
          stream: result.stream,
          tools,
          originalMessages: chat.data,
        }),
      });
    },
    async GET(request) {
      const principal = personOf(request);
      if (principal === undefined) return new Response('who are you?', { status: 401 });
      const session = new URL(request.url).searchParams.get('chat') ?? '';
      const pending = await approvals.list({ tenant: 'shop', session, state: 'pending' });
      const open = pending
        .filter(({ bindings }) => bindings.principal === principal.id)
        .map(({ bindings: { tool }, args, reason, expiresAt }): OpenApproval => {
          return { tool: tool.name, args, reason, expiresAt };
        });
      return Response.json(open);
    },
    async close() {
      await guard.close();
      approvals.close();
    },
  };
}

function personOf(request: Request): Principal | undefined {
  const cookie = /(?:^|;\s*)session=([^;]*)/.exec(request.headers.get('cookie') ?? '');
  return PEOPLE.get(cookie?.[1] ?? '');
}
