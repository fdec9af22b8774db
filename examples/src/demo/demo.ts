import { randomBytes } from 'node:crypto';
import { createGuard, memoryAudit, staticSecrets } from '@guardstile/core';

import { chooseApprover } from './approver.ts';
import type { DemoFramework } from './framework.ts';
import { frameworks } from './frameworks.ts';
import { narrate } from './narrator.ts';
import type { DemoOptions } from './options.ts';
import { demoPolicy } from './policy.ts';
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
export async function runDemo(
  { framework: name, answer }: DemoOptions,
  signal: AbortSignal,
): Promise<number> {
  const framework = await frameworks[name]();
  const shopKey = randomBytes(16).toString('hex');
  const workplace = await createWorkplace();
  try {
    const shop = await startShop(shopKey);
    try {
      return await work({ framework, answer, signal, shop, shopKey, folder: workplace.folder });
    } finally {
      await shop.close();
    }
  } finally {
    await workplace.remove();
  }
}

interface Site {
  readonly framework: DemoFramework;
  readonly answer: DemoOptions['answer'];
  readonly signal: AbortSignal;
  readonly shop: ShopServer;
  readonly shopKey: string;
  readonly folder: string;
}

async function work(site: Site): Promise<number> {
  const { framework, answer, signal, shop, shopKey, folder } = site;
  const screen = createScreen();
  const { approver, words } = chooseApprover(answer, screen, framework.terminalApprover);
  const auditKey = randomBytes(32);
  const audit = memoryAudit({ key: auditKey });
  const guard = createGuard({
    policy: demoPolicy(folder),
    approver,
    audit,
    secrets: staticSecrets({ [SHOP_KEY]: shopKey }),
    context: { principal: { id: 'sam' }, agent: 'support', session: 'ticket-17' },
  });
  const agent = await framework.agent({ guard, tools: demoTools(folder, shop.url) });

  screen.title(`Guardstile: ${framework.words} handles a support ticket`);
  screen.entry('model', agent.model);
  screen.entry('files', folder);
  screen.entry('server', shop.url);
  screen.entry('asks', words);
  screen.entry('prompt', PROMPT);
  narrate(guard, screen);
  try {
    const { text, seen } = await agent.work(PROMPT, signal);
    screen.line();
    screen.entry('agent', text);
    await guard.close();
    return report({ entries: await audit.query(), auditKey, shop, shopKey, seen }, screen) ? 0 : 1;
  } catch (error) {
    if (!signal.aborted) throw error;
    screen.line('\nInterrupted; the folder and the server are taken down.');
    return 0;
  }
}
