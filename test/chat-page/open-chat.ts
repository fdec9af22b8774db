import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';

import { type ServerProcess, startServer } from '../../examples/src/support/start-server.ts';

const program = new URL('../../examples/src/chat/server.ts', import.meta.url);

/** The chat server in a process of its own, with a folder of its own. */
export interface ChatServer {
  readonly url: string;
  /** Every refund that ever ran. */
  refunds(): readonly unknown[];
  /** Kills its process and starts another one on the same folder, which listens somewhere else. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export async function startChat(): Promise<ChatServer> {
  const folder = mkdtempSync(join(tmpdir(), 'guardstile-chat-page-'));
  let server: ServerProcess;
  try {
    server = await startServer(program, [folder]);
  } catch (error) {
    rmSync(folder, { recursive: true });
    throw error;
  }
  return {
    get url() {
      return server.url;
    },
    refunds() {
      const ledger = readFileSync(join(folder, 'refunds.jsonl'), { encoding: 'utf8', flag: 'a+' });
      const lines = ledger.split('\n').filter((line) => line !== '');
      return lines.map((line): unknown => JSON.parse(line));
    },
    async restart() {
      await server.kill();
      server = await startServer(program, [folder]);
    },
    async close() {
      await server.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** One person's page, in a browser profile of its own. */
export interface ChatPage {
  readonly page: Page;
  /** Whatever went wrong inside the page. */
  readonly errors: readonly string[];
  /** Says something, and waits for the dialog. */
  ask(text: string): Promise<void>;
  /** The dialog, argument by argument as it is shown. */
  shownArguments(): Promise<Readonly<Record<string, string>>>;
  answer(button: 'Approve' | 'Deny'): Promise<void>;
  /** Bodies of the page's own requests so far. */
  readonly posted: readonly string[];
  /** Posts a body as the page would: with its cookie, from its origin. */
  post(body: string): Promise<string>;
  close(): Promise<void>;
}

export async function openChat(browser: Browser, url: string): Promise<ChatPage> {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const errors: string[] = [];
  const posted: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('request', (request) => {
    if (request.method() === 'POST') posted.push(request.postData() ?? '');
  });
  await page.goto(url);
  const dialog = page.getByRole('dialog');
  return {
    page,
    errors,
    posted,
    async ask(text) {
      await page.getByLabel('Message').fill(text);
      await page.getByRole('button', { name: 'Send' }).click();
      await dialog.locator('time').waitFor();
    },
    async shownArguments() {
      const names = await dialog.locator('dt').allTextContents();
      const values = await dialog.locator('dd').allTextContents();
      return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
    },
    async answer(button) {
      await dialog.getByRole('button', { name: button }).click();
      await dialog.waitFor({ state: 'detached' });
    },
    post: (body) =>
      page.evaluate(async (sent) => {
        const headers = { 'content-type': 'application/json' };
        const response = await fetch('/api/chat', { method: 'POST', headers, body: sent });
        return response.text();
      }, body),
    close: () => context.close(),
  };
}
