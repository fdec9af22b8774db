import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { createGuard, staticSecrets } from '@guardstile/core';

import { chooseApprover } from './approver.ts';
import { fileLedger } from './file-ledger.ts';
import type { DemoFramework } from './framework.ts';
import { frameworks } from './frameworks.ts';
import type { Ledger } from './ledger.ts';
import { memoryLedger } from './memory-ledger.ts';
import { narrate } from './narrator.ts';
import type { DemoOptions } from './options.ts';
import { deskPolicy } from './policy.ts';
import { report } from './report.ts';
import { deskSandbox } from './sandbox.ts';
import { createScreen } from './screen.ts';
import { type ShopServer, startShop } from './shop-server.ts';
import { demoTools, SHOP_KEY } from './tools.ts';
import { createWorkplace } from './workplace.ts';

const PROMPT =
  'Handle ticket-17.txt: check the order, refund it if that is fair, write reply-17.txt.';

/**
 * Sets up real files and a real server, lets the agent work, and takes everything down again. A log that
 * is kept on disk stays. Answers the exit code.
 */
export async function runDemo(options: DemoOptions, signal: AbortSignal): Promise<number> {
  const { answer, audit } = options;
  const framework = await frameworks[options.framework]();
  const ledger = audit === undefined ? memoryLedger() : await fileLedger(audit, framework.node);
  try {
    const shopKey = randomBytes(16).toString('hex');
    const workplace = await createWorkplace();
    try {
      const shop = await startShop(shopKey);
      try {
        const { folder } = workplace;
        return await work({ framework, ledger, answer, signal, shop, shopKey, folder });
      } finally {
        await shop.close();
      }
    } finally {
      await workplace.remove();
    }
  } finally {
    await ledger.audit.close?.();
  }
}

interface Site {
  readonly framework: DemoFramework;
  readonly ledger: Ledger;
  readonly answer: DemoOptions['answer'];
  readonly signal: AbortSignal;
  readonly shop: ShopServer;
  readonly shopKey: string;
  readonly folder: string;
}

async function work(site: Site): Promise<number> {
  const { framework, ledger, answer, signal, shop, shopKey, folder } = site;
  const screen = createScreen();
  const { approver, words } = chooseApprover(answer, screen, framework.node.terminalApprover);
  const policy = await deskPolicy(folder);
  const texts = await textsOf(policy.files);
  const guard = createGuard({
    policy,
    facts: policy.facts,
    approver,
    sandbox: deskSandbox(folder, [...policy.files, ...ledger.files, '.env']),
    audit: ledger.audit,
    secrets: staticSecrets({ [SHOP_KEY]: shopKey }),
    context: { principal: { id: 'sam' }, agent: 'support', session: 'ticket-17' },
  });
  const agent = await framework.agent({ guard, tools: demoTools(folder, shop.url) });

  screen.title(`Guardstile: ${framework.words} handles a support ticket`);
  screen.entry('model', agent.model);
  screen.entry('policy', policy.files.map((file) => relative(process.cwd(), file)).join(', '));
  screen.entry('files', folder);
  screen.entry('server', shop.url);
  screen.entry('asks', words);
  screen.entry('log', ledger.words);
  screen.entry('prompt', PROMPT);
  narrate(guard, screen);
  try {
    const { text, seen } = await agent.work(PROMPT, signal);
    screen.line();
    screen.entry('agent', text);
    await guard.close();
    const policyKept = (await textsOf(policy.files)) === texts;
    return (await report({ ledger, shop, shopKey, seen, policyKept }, screen)) ? 0 : 1;
  } catch (error) {
    if (!signal.aborted) throw error;
    screen.line('\nInterrupted; the folder and the server are taken down.');
    return 0;
  } finally {
    // Waits for what is still being written down, and closes the log.
    await guard.close();
  }
}

async function textsOf(files: readonly string[]): Promise<string> {
  return (await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('\n');
}
