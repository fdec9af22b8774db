import { randomBytes } from 'node:crypto';
import { guardOf, memoryAudit, staticSecrets, withGuard } from '@guardstile/ai-sdk';
import { isStepCount, ToolLoopAgent } from 'ai';

import { chooseApprover } from './approver.ts';
import { chooseModel } from './model.ts';
import { narrate } from './narrator.ts';
import type { DemoOptions } from './options.ts';
import { demoPolicy, facts } from './policy.ts';
import { report } from './report.ts';
import { createScreen } from './screen.ts';
import { type ShopServer, startShop } from './shop-server.ts';
import { demoTools, SHOP_KEY } from './tools.ts';
import { createWorkplace } from './workplace.ts';

const PROMPT =
  'Handle ticket-17.txt: check the order, refund it if that is fair, write reply-17.txt.';

/**
 * Sets up real files and a real server, lets the agent work, and takes everything down again.
 * Answers the exit code.
 */
export async function runDemo(answer: DemoOptions['answer'], signal: AbortSignal): Promise<number> {
  const shopKey = randomBytes(16).toString('hex');
  const workplace = await createWorkplace();
  try {
    const shop = await startShop(shopKey);
    try {
      return await work({ answer, signal, shop, shopKey, folder: workplace.folder });
    } finally {
      await shop.close();
    }
  } finally {
    await workplace.remove();
  }
}

interface Setting {
  readonly answer: DemoOptions['answer'];
  readonly signal: AbortSignal;
  readonly shop: ShopServer;
  readonly shopKey: string;
  readonly folder: string;
}

async function work({ answer, signal, shop, shopKey, folder }: Setting): Promise<number> {
  const screen = createScreen();
  const { approver, words } = chooseApprover(answer, screen);
  const { model, name } = await chooseModel();
  const auditKey = randomBytes(32);
  const audit = memoryAudit({ key: auditKey });

  const tools = withGuard(demoTools(folder, shop.url), demoPolicy(folder), {
    facts,
    approver,
    audit,
    secrets: staticSecrets({ [SHOP_KEY]: shopKey }),
    toolSecrets: { getOrder: [SHOP_KEY], refund: [SHOP_KEY] },
    context: { principal: { id: 'sam' }, agent: 'support', session: 'ticket-17' },
  });
  const guard = guardOf(tools);
  // One call at a time, so that nobody has to answer two questions at once.
  const agent = new ToolLoopAgent({
    model,
    tools,
    stopWhen: isStepCount(12),
    toolCallConcurrency: 1,
  });

  screen.title('Guardstile: an AI SDK agent handles a support ticket');
  screen.entry('model', name);
  screen.entry('files', folder);
  screen.entry('server', shop.url);
  screen.entry('asks', words);
  screen.entry('prompt', PROMPT);
  narrate(guard, screen);
  try {
    const { text, responseMessages } = await agent.generate({
      prompt: PROMPT,
      abortSignal: signal,
    });
    screen.line();
    screen.entry('agent', text);
    await guard.close();
    const seen = JSON.stringify(responseMessages);
    return report({ entries: await audit.query(), auditKey, shop, shopKey, seen }, screen) ? 0 : 1;
  } catch (error) {
    if (!signal.aborted) throw error;
    screen.line('\nInterrupted; the folder and the server are taken down.');
    return 0;
  }
}
