import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import type { Scenario } from '../test/scenario.ts';
import { hasTmux, openScreen, type Screen, type ScreenOptions } from '../test/tmux-screen.ts';

const ASKED = 'Run refund once with exactly these arguments?';
const DENY = '● Deny';

let screen: Screen | undefined;

async function open(scenario: Scenario, options?: ScreenOptions): Promise<Screen> {
  screen = await openScreen(scenario, options);
  return screen;
}

afterEach(async () => {
  await screen?.close();
  screen = undefined;
});

async function approve(terminal: Screen): Promise<void> {
  await terminal.press('Up');
  await terminal.until(/● Approve(?![\s\S]*● Deny)/);
  await terminal.press('Enter');
}

const tmux = hasTmux();
if (!tmux) console.warn('SKIPPED: the tests in a real terminal need Linux with tmux.');

describe.runIf(tmux)('terminalApprover in a real terminal', () => {
  it('shows the request and runs the call when a person approves', async () => {
    const terminal = await open('plain');
    const shown = await terminal.until(ASKED, DENY);
    for (const line of [
      /│ {2}tool +refund\b/,
      /│ {2}source +app\b/,
      /│ {2}effect +destructive, money \(/,
      /│ {2}rule +refund\.large\b/,
      /│ {2}reason +refunds over 500 need a look\b/,
      /│ {2}needs +confirmation by the requester\b/,
      /│ {2}arguments +sha256:[0-9a-f]{64}\b/,
      /│ {4}orderId: "o1"/,
      /│ {4}amount: 900/,
      /│ {2}expires +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC \(in \d+ min\)/,
    ]) {
      expect(shown).toMatch(line);
    }
    await approve(terminal);
    const end = await terminal.ended();
    expect(end).toContain('└  Approved.');
    expect(end).toContain('RESULT refund ran with orderId,amount');
    expect(end).toMatch(/AUDIT approval\.approve .*"channel":"terminal"/);
  });

  it('denies when Enter is all that is pressed', async () => {
    const terminal = await open('plain');
    await terminal.until(ASKED, DENY);
    await terminal.press('Enter');
    const end = await terminal.ended();
    expect(end).toContain('└  Denied.');
    expect(end).toContain('RESULT refund approval_denied');
  });

  it('hands the note of a denial to the agent', async () => {
    const terminal = await open('plain');
    await terminal.until(ASKED, DENY);
    await terminal.press('Down');
    await terminal.until('● Deny with a note');
    await terminal.press('Enter');
    await terminal.until('What should the agent be told?');
    await terminal.type('ask again on Monday');
    await terminal.until('ask again on Monday█');
    await terminal.press('Enter');
    const end = await terminal.ended();
    expect(end).toMatch(/RESULT refund approval_denied .*\(they say: ask again on Monday\)/);
  });

  it('denies without a note when the note is left empty', async () => {
    const terminal = await open('plain');
    await terminal.until(ASKED, DENY);
    await terminal.press('Down');
    await terminal.until('● Deny with a note');
    await terminal.press('Enter');
    await terminal.until('What should the agent be told?');
    await terminal.press('Enter');
    const end = await terminal.ended();
    expect(end).toContain('RESULT refund approval_denied');
    expect(end).not.toContain('they say');
  });

  it('offers to approve only what was revealed, and the reveal is audited first', async () => {
    const terminal = await open('hidden');
    const before = await terminal.until(ASKED, DENY);
    expect(before).toContain('password: "[redacted]"');
    expect(before).toContain('hidden     2 in all: password, card.cvc');
    expect(before).not.toContain('Approve\n');
    expect(before).not.toContain('hunter2');
    await terminal.press('Up');
    await terminal.until('● Reveal the hidden values (audited)');
    await terminal.press('Enter');
    const after = await terminal.until('password: "hunter2"', 'cvc: "123"', '○ Approve');
    expect(after.split('hidden     ')).toHaveLength(2);
    await approve(terminal);
    const end = await terminal.ended();
    expect(end).toContain('RESULT refund ran with orderId,amount,password,card');
    expect(end).toMatch(/AUDIT approval\.revealed[\s\S]*AUDIT approval\.approve .*"revealed":true/);
  });

  it('leaves hidden values hidden when a person denies', async () => {
    const terminal = await open('hidden');
    await terminal.until(ASKED, DENY);
    await terminal.press('Enter');
    const end = await terminal.ended();
    expect(end).toContain('RESULT refund approval_denied');
    expect(end).not.toContain('hunter2');
    expect(end).not.toContain('approval.revealed');
  });

  it('folds what is long, names its size and digest, and shows all of it on demand', async () => {
    const terminal = await open('long');
    const folded = await terminal.until(ASKED, DENY);
    expect(folded).toMatch(/\[4,610 characters folded, of 5,010, sha256:[0-9a-f]{64}\]/);
    expect(folded).toMatch(/\d+ more folded, sha256:[0-9a-f]{64}/);
    expect(folded).not.toContain('[299]: 7');
    await terminal.press('Down', 'Down');
    await terminal.until('● Show everything that is folded');
    await terminal.press('Enter');
    const whole = await terminal.until('[299]: 7', /Approve[\s\S]*● Deny\s[^]*$/);
    expect(whole.slice(folded.length - 500)).not.toMatch(/○ Show everything/);
    expect(whole.replaceAll(/\n│ +> /g, '')).toContain(`"begin ${'x'.repeat(5000)} end"`);
    await approve(terminal);
    expect(await terminal.ended()).toContain('RESULT refund ran');
  });

  it.each([
    ['Ctrl+C', 'C-c', 'the prompt was left with Ctrl+C or Escape'],
    ['Escape', 'Escape', 'the prompt was left with Ctrl+C or Escape'],
  ])('takes %s for a denial and says so', async (_, key, note) => {
    const terminal = await open('plain');
    await terminal.until(ASKED, DENY);
    await terminal.press(key);
    const end = await terminal.ended();
    expect(end).toContain(`└  Denied: ${note}`);
    expect(end).toMatch(
      new RegExp(`RESULT refund approval_denied .*they say: ${note.replace('+', '\\+')}`),
    );
  });

  it('takes Ctrl+D for nobody answering, and lets nothing run', async () => {
    const terminal = await open('plain');
    await terminal.until(ASKED, DENY);
    await terminal.press('C-d');
    expect(await terminal.ended()).toMatch(
      /RESULT refund approval_required .*the terminal was closed before anybody answered/,
    );
  });

  it('takes Ctrl+C in the note for a denial', async () => {
    const terminal = await open('plain');
    await terminal.until(ASKED, DENY);
    await terminal.press('Down');
    await terminal.until('● Deny with a note');
    await terminal.press('Enter');
    await terminal.until('What should the agent be told?');
    await terminal.press('C-c');
    expect(await terminal.ended()).toContain('RESULT refund approval_denied');
  });

  it('denies when the terminal goes away', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'guardstile-hang-up-'));
    const file = join(directory, 'result');
    try {
      const terminal = await open('hangUp', { env: { RESULT_FILE: file } });
      await terminal.until(ASKED, DENY);
      await terminal.close();
      screen = undefined;
      await expect
        .poll(() => existsSync(file) && readFileSync(file, 'utf8'), { timeout: 40_000 })
        .toMatch(
          /RESULT refund approval_required .*the terminal was closed before anybody answered/,
        );
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it('closes the prompt on an abort and leaves the terminal usable', async () => {
    const terminal = await open('abort');
    await terminal.until(ASKED, DENY);
    expect(await terminal.modes()).toContain('-icanon');
    expect(await terminal.ask('cursor_flag')).toBe('0');
    await terminal.signal('SIGUSR2');
    const end = await terminal.ended();
    expect(end).toContain('└  The call does not wait for this answer any longer.');
    expect(end).toContain('RESULT refund aborted');
    expect(end).toContain('TERMINAL icanon on, echo on, isig on');
    expect(await terminal.ask('cursor_flag')).toBe('1');
  });

  it('closes the prompt when the time to answer is over', async () => {
    const terminal = await open('timeout');
    const end = await terminal.ended();
    expect(end).toContain('RESULT refund approval_expired');
    expect(end).toContain('TERMINAL icanon on, echo on, isig on');
    expect(await terminal.ask('cursor_flag')).toBe('1');
  });

  it('asks again after an abort', async () => {
    const terminal = await open('abortThenAsk');
    await terminal.until('Run first once', DENY);
    await terminal.signal('SIGUSR2');
    await terminal.until('Run second once', DENY);
    await approve(terminal);
    const end = await terminal.ended();
    expect(end).toContain('RESULT first aborted');
    expect(end).toContain('RESULT second ran');
  });

  it('shows two asks one after the other, whoever asks', async () => {
    const terminal = await open('two');
    const one = await terminal.until('Run first once', DENY);
    expect(one).not.toContain('second');
    await approve(terminal);
    const two = await terminal.until('└  Approved.', 'Run second once', DENY);
    expect(two.indexOf('└  Approved.')).toBeLessThan(two.indexOf('│  tool       second'));
    // The first call is over and has called its approver off; the second prompt keeps the terminal.
    expect(await terminal.modes()).toContain('-icanon');
    await terminal.press('Enter');
    const end = await terminal.ended();
    expect(end).toContain('RESULT first ran');
    expect(end).toContain('RESULT second approval_denied');
    expect(end).toContain('TERMINAL icanon on, echo on, isig on');
  });

  it('never shows an ask that was aborted while it waited for its turn', async () => {
    const terminal = await open('abortWaiting');
    await terminal.until('Run first once', DENY);
    await terminal.signal('SIGUSR2');
    await approve(terminal);
    const shown = await terminal.until('Run third once', DENY);
    expect(shown).not.toContain('dropped');
    await approve(terminal);
    const end = await terminal.ended();
    expect(end).toContain('RESULT dropped aborted');
    expect(end).toContain('RESULT first ran');
    expect(end).toContain('RESULT third ran');
  });

  it('writes the controls of a hostile call out instead of obeying them', async () => {
    const terminal = await open('hostile');
    const before = await terminal.ask('pane_title');
    const shown = await terminal.until('Run this tool once with exactly these arguments?', DENY);
    for (const line of [
      '│  tool       re\\u{202e}fund\\u{1b}[2J',
      '│  principal  ann\\u{1b}]52;c;ZXZpbA==\\u{7}',
      '│  tenant     \\u{1b}]2;owned\\u{7}',
      '│  roles      exe.\\u{202e}gnp\\u{202c}',
      '│  agent      real\\u{d}fake\\u{8}\\u{8}',
      '│  session    pay 5\\u{1b}[2K\\u{1b}[1A\\u{1b}[1Gpay 1',
      '│  reason     because pay 5\\u{1b}[2K\\u{1b}[1A\\u{1b}[1Gpay 1',
      '│    clipboard: "\\u{1b}]52;c;ZXZpbA==\\u{7}"',
      '│    erase: "pay 5\\u{1b}[2K\\u{1b}[1A\\u{1b}[1Gpay 1"',
      '│    bidi: "exe.\\u{202e}gnp\\u{202c}"',
      '│    carriage: "real\\u{d}fake\\u{8}\\u{8}"',
      '│    lines: "one\\u{a}tool       harmless"',
      '│    unterminated: "\\u{1b}]0;never ends"',
      '│    device: "\\u{1b}P1$r\\u{1b}\\ \\u{9b}2J"',
    ]) {
      expect(shown).toContain(`${line}\n`);
    }
    await approve(terminal);
    await terminal.ended();
    expect(await terminal.clipboard()).toBe('');
    expect(await terminal.ask('pane_title')).toBe(before);
  });

  it('would have obeyed them, had they not been written out', async () => {
    const terminal = await open('unescaped');
    await terminal.ended();
    expect(await terminal.clipboard()).toContain('evil');
    expect(await terminal.ask('pane_title')).toBe('owned');
  });

  it('breaks lines itself on a narrow terminal, so that a value cannot begin one', async () => {
    const terminal = await open('hostile', { columns: 40 });
    const shown = await terminal.until(DENY);
    const rows = shown.slice(shown.indexOf('┌'), shown.indexOf('◆')).trim().split('\n');
    for (const row of rows) expect(row).toMatch(/^[┌│]/);
    expect(Math.max(...rows.map((row) => row.trimEnd().length))).toBeLessThanOrEqual(40);
  });

  it('asks nobody when only the keyboard is a terminal', async () => {
    const terminal = await open('plain', { shell: 'timeout --foreground 100 "$@" 2>/dev/null' });
    const end = await terminal.ended();
    expect(end).toMatch(/RESULT refund approval_required .*there is no terminal to ask at/);
  });
});
