import { afterEach, describe, expect, it } from 'vitest';

import type { Scenario } from '../test/scenario.ts';
import { hasTmux, openScreen, type Screen, type ScreenOptions } from '../test/tmux-screen.ts';

const ASKED = 'Run refund once with exactly these arguments?';
const EDITED = 'Run refund once with these arguments, as edited?';

let screen: Screen | undefined;

async function open(scenario: Scenario, options?: ScreenOptions): Promise<Screen> {
  screen = await openScreen(scenario, options);
  return screen;
}

afterEach(async () => {
  await screen?.close();
  screen = undefined;
});

/** Moves to a choice below or above the one that is marked, and takes it. */
async function take(terminal: Screen, label: string, ...keys: readonly string[]): Promise<void> {
  await terminal.press(...keys);
  await terminal.until(new RegExp(`● ${label.replaceAll('.', '\\.')}[^●]*$`));
  await terminal.press('Enter');
}

/** Replaces what stands in a field that is open. */
async function write(terminal: Screen, was: string, text: string): Promise<void> {
  await terminal.until(`${was}█`);
  await terminal.press(...Array.from(was, () => 'BSpace'));
  await terminal.type(text);
  await terminal.until(`│  ${text}█`);
  await terminal.press('Enter');
}

const tmux = hasTmux();
if (!tmux) console.warn('SKIPPED: the tests in a real terminal need Linux with tmux.');

describe.runIf(tmux)('edits and grants in a real terminal', () => {
  it('changes a field, shows what would run then, and approves exactly that', async () => {
    const terminal = await open('lenient', { columns: 80, rows: 24 });
    await terminal.until(ASKED, '● Deny');
    await take(terminal, 'Edit a field', 'Down', 'Down');
    await take(terminal, 'amount');
    await write(terminal, '900', '5');
    const shown = await terminal.until(EDITED, '● Deny');
    expect(shown).toMatch(/│ {2}arguments {2}as edited by you; before: sha256:/);
    expect(shown).toMatch(
      /│ {4}amount: 5\n[^]*│ {2}asked for {2}with these fields as\n│ {4}amount: 900\n/,
    );
    await take(terminal, 'Approve with these changes', 'Up');
    const end = await terminal.ended();
    expect(end).toContain('└  Approved, with amount changed.');
    expect(end).toContain('ANSWER {"verdict":"approve","edited":{"amount":5}}');
    expect(end).toContain('AMOUNT 5');
  });

  it('takes what is no JSON for a text, offers no other field, and forgets an edit on demand', async () => {
    const terminal = await open('lenient');
    await terminal.until(ASKED, '● Deny');
    await take(terminal, 'Edit a field', 'Down', 'Down');
    const fields = await terminal.until('Which field?', '● amount', '○ note');
    expect(fields.slice(fields.indexOf('Which field?'))).not.toContain('orderId');
    await take(terminal, 'note', 'Down');
    await terminal.until('note: its new value');
    await terminal.type('for ann');
    await terminal.until('for ann█');
    await terminal.press('Enter');
    await terminal.until(EDITED, 'note: "for ann"', 'note: was not there');
    await take(terminal, 'Undo the edits', 'Down', 'Down', 'Down');
    const again = await terminal.until(
      new RegExp(`${ASKED.replaceAll('?', '\\?')}[^]*● Deny\\s[^●]*$`),
    );
    expect(again.slice(again.lastIndexOf('Approval needed'))).not.toContain('for ann');
    await take(terminal, 'Approve', 'Up');
    const end = await terminal.ended();
    expect(end).toContain('RESULT refund ran with orderId,amount\n');
    expect(end).not.toContain('ANSWER');
  });

  it('goes back to the request when an edit is left, and nothing is changed', async () => {
    const terminal = await open('lenient');
    await terminal.until(ASKED, '● Deny');
    await take(terminal, 'Edit a field', 'Down', 'Down');
    await terminal.until('Which field?', '● amount');
    await terminal.press('C-c');
    await terminal.until(/Which field\?[^]*Approval needed[^]*● Deny\s/);
    await terminal.press('Enter');
    expect(await terminal.ended()).toContain('RESULT refund approval_denied');
  });

  it('shows a grant as a text before it is given, and Enter alone gives none', async () => {
    const terminal = await open('lenient', { columns: 80, rows: 24 });
    await terminal.until(ASKED, '● Deny');
    await take(terminal, 'Approve and always allow...', 'Down', 'Down', 'Down');
    await terminal.until('Which fields have to be the same next time?', /◼ orderId/);
    await terminal.press('Space');
    await terminal.until(/◻ orderId/);
    await terminal.press('Enter');
    await take(terminal, 'in this session of this person');
    await take(terminal, 'for 8 hours', 'Down');
    const shown = await terminal.until('● Back to the request');
    const text = shown.slice(shown.indexOf('┌  Always allow'));
    for (const line of [
      /│ {2}tool +refund\n/,
      /│ {2}principal +alice\n/,
      /│ {2}tenant +acme\n/,
      /│ {2}session +s1\n/,
      /│ {2}answers +refund\.large\n│ +no other rule that asks, and none that denies\n/,
      /│ {2}only with +exactly these values\n│ {4}amount: 900\n/,
      /│ {2}any value +orderId, and fields that are not there now\n/,
      /│ {2}ends +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC \(in 480 min\)\n/,
    ]) {
      expect(text).toMatch(line);
    }
    await terminal.press('Enter');
    await terminal.until(/Back to the request[^]*Approval needed[^]*● Deny\s/);
    await terminal.press('Enter');
    const end = await terminal.ended();
    expect(end).toContain('RESULT refund approval_denied');
    expect(end).not.toContain('ANSWER');
  });

  it('gives the grant that was shown, and does not ask again', async () => {
    const terminal = await open('granted');
    await terminal.until(ASKED, '● Deny');
    await take(terminal, 'Approve and always allow...', 'Down', 'Down', 'Down');
    await terminal.until('Which fields have to be the same next time?', /◼ orderId/);
    await terminal.press('Enter');
    await take(terminal, 'in every session of this person', 'Down');
    await take(terminal, 'for 1 hour');
    await terminal.until('● Back to the request');
    await take(terminal, 'Approve and save', 'Up');
    const end = await terminal.ended();
    expect(end).toContain('└  Approved, and from now on without asking.');
    expect(end).toContain(
      'ANSWER {"verdict":"approve","grant":{"scope":"always","fields":["orderId","amount"],"expiresMs":3600000}}',
    );
    expect(end.match(/RESULT refund ran with orderId,amount/g)).toHaveLength(2);
    expect(end.match(/Approval needed/g)).toHaveLength(1);
  });

  it('offers no grant while something is hidden', async () => {
    const terminal = await open('lenientHidden');
    expect(await terminal.until(ASKED, '● Deny', '○ Edit a field')).not.toContain('always allow');
    await terminal.press('Enter');
    await terminal.ended();
  });

  it.each<readonly [Scenario, string]>([
    ['lenientText', 'for arguments without fields'],
    ['lenientNobody', "for a call on nobody's behalf"],
  ])('offers no grant that the guard would refuse (%s: %s)', async (scenario) => {
    const terminal = await open(scenario);
    expect(await terminal.until(ASKED, '● Deny')).not.toContain('always allow');
    await terminal.press('Enter');
    expect(await terminal.ended()).toContain('RESULT refund approval_denied');
  });

  it('offers neither where the ask does not', async () => {
    const terminal = await open('plain');
    const shown = await terminal.until(ASKED, '● Deny');
    expect(shown).not.toContain('Edit a field');
    expect(shown).not.toContain('always allow');
    await terminal.press('Enter');
    await terminal.ended();
  });

  it('shows what differs from the last call of the tool that was approved', async () => {
    const terminal = await open('again');
    const first = await terminal.until(ASKED, '● Deny');
    expect(first).not.toContain('last time');
    await take(terminal, 'Approve', 'Up');
    const second = await terminal.until(/└ {2}Approved\.[^]*● Deny\s/);
    expect(second).toMatch(
      /│ {2}last time {2}2 of 3 fields differed, approved .* UTC\n│ {4}orderId: "o1"\n│ {4}note: was not there\n/,
    );
    await terminal.press('Enter');
    await terminal.ended();
  });

  it('shows where a look-alike host leads', async () => {
    const terminal = await open('hosts');
    const shown = await terminal.until(ASKED, '● Deny');
    expect(shown).toContain('url (host xn--80ak6aa92e.com): "https://аррӏе.com/login"');
    await terminal.press('Enter');
    await terminal.ended();
  });
});

describe.runIf(tmux)('a terminal that can only write lines (TERM=dumb)', () => {
  const dumb: ScreenOptions = {
    columns: 80,
    rows: 24,
    shell: 'TERM=dumb timeout --foreground 100 "$@"',
  };

  async function answer(terminal: Screen, question: RegExp | string, text: string): Promise<void> {
    await terminal.until(question);
    await terminal.type(text);
    await terminal.press('Enter');
  }

  it('asks by numbers, with nothing that moves a cursor', async () => {
    const terminal = await open('plain', dumb);
    const shown = await terminal.until('Number, or Enter for 2:');
    expect(shown).toMatch(/\+ {2}Approval needed\n\| {2}tool +refund\n/);
    expect(shown).toContain('  1) Approve\n  2) Deny\n  3) Deny with a note\n');
    await answer(terminal, ASKED, '7');
    await terminal.until('That is none of them.');
    await answer(terminal, 'That is none of them.', '1');
    const end = await terminal.ended();
    expect(end).toContain('+ Approved.');
    expect(end).toContain('RESULT refund ran with orderId,amount');
  });

  it('denies when Enter is all that is pressed', async () => {
    const terminal = await open('plain', dumb);
    await answer(terminal, 'Number, or Enter for 2:', '');
    expect(await terminal.ended()).toContain('RESULT refund approval_denied');
  });

  it('takes Ctrl+D for nobody answering', async () => {
    const terminal = await open('plain', dumb);
    await terminal.until('Number, or Enter for 2:');
    await terminal.press('C-d');
    expect(await terminal.ended()).toMatch(
      /RESULT refund approval_required .*the terminal was closed before anybody answered/,
    );
  });

  it('edits and grants', async () => {
    const terminal = await open('lenient', { ...dumb, rows: 60 });
    await answer(terminal, '5) Approve and always allow...', '4');
    await answer(terminal, /Which field\?[^]*Number, or Enter for 1:/, '1');
    await answer(terminal, '(Enter for 900)', '5');
    await answer(terminal, /as edited\?[^]*Number, or Enter for 2:/, '6');
    await answer(terminal, 'Enter for all:', '2');
    await answer(terminal, /Where does it hold\?[^]*Enter for 1:/, '');
    await answer(terminal, /For how long\?[^]*Enter for 1:/, '');
    await answer(terminal, /Back to the request[^]*Enter for 2:/, '1');
    expect(await terminal.ended()).toContain(
      'ANSWER {"verdict":"approve","edited":{"amount":5},"grant":{"scope":"session","fields":["amount"],"expiresMs":3600000}}',
    );
  });

  it('stops asking on an abort', async () => {
    const terminal = await open('abort', dumb);
    await terminal.until('Number, or Enter for 2:');
    await terminal.signal('SIGUSR2');
    const end = await terminal.ended();
    expect(end).toContain('+ The call does not wait for this answer any longer.');
    expect(end).toContain('RESULT refund aborted');
  });
});
