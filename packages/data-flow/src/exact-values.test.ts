import { describe, expect, it } from 'vitest';

import { compileLabels } from './path-labels.ts';
import { createSessionFlow } from './session-flow.ts';

function isTyped(prompt: string, value: string | number): boolean {
  const flow = createSessionFlow({ seed: 1 });
  flow.observe(prompt, { origin: 'prompt' });
  return flow.isVouched(value, ['prompt']);
}

describe('what stands around a value is part of it', () => {
  it('but for the directory where one is', () => {
    expect(isTyped('open report.pdf', './report.pdf')).toBe(true);
    expect(isTyped('open report.pdf', '../report.pdf')).toBe(false);
    expect(isTyped('open report.pdf', '/./report.pdf')).toBe(false);
  });

  it.each([
    ['delete project/build', 'project/build/..'],
    ['delete project/build', '../../project/build'],
    ['delete project/build', '/project/build'],
    ['delete project/build', 'project/build/'],
    ['delete project/build', 'project/build/*'],
    ['delete project/build', '~project/build'],
    ['delete project/build', '-project/build'],
    ['move 12345678', '-12345678'],
    ['pay 12345', '12345%'],
    ['read report-2026', '@report-2026'],
    ['read report-2026', '`report-2026`'],
    ['read report-2026', '$(report-2026)'],
    ['delete all-files', '--delete all-files'],
    ['delete ../../project/build', 'project/build'],
    ['delete ~/project/build', 'project/build'],
  ])('typed %s is not %s', (prompt, value) => {
    expect(isTyped(prompt, value)).toBe(false);
  });

  it.each([
    ['delete /project/build/', '/project/build/'],
    ['delete ../project/build', '../project/build'],
    ['delete project/build.', 'project/build'],
    ['delete project/build', 'project/build.'],
    ['name it Blue Moon', '"Blue Moon".'],
    ['name it Blue Moon', 'Blue Moon_'],
    ['name it “Blue Moon”', 'Blue Moon'],
    ['set it to Sesame-1234!', 'Sesame-1234!'],
    ['add -12345678 to it', '-12345678'],
    ['see https://a.example', 'https://a.example/'],
    ['use #general-talk', '#general-talk'],
    ['use #general-talk', 'general-talk'],
    ['call (555) 123-4567', '555 123 4567'],
  ])('typed %s is %s', (prompt, value) => {
    expect(isTyped(prompt, value)).toBe(true);
  });

  it('counts in a trusted field too', () => {
    const flow = createSessionFlow({ seed: 1 });
    const labels = [compileLabels({ '[]': 'trusted:account' })];
    flow.observe(['12345678', '-87654321'], { origin: 'untrusted', labels });
    const isMember = (value: string): boolean => flow.isVouched(value, ['trusted']);
    expect(['12345678', '1234-5678', '-87654321'].map(isMember)).toEqual([true, true, true]);
    expect(['-12345678', '87654321'].map(isMember)).toEqual([false, false]);
  });
});

describe('signs between words', () => {
  it.each([
    ['call Smith Jones Hall', 'Smith; $(Jones) | Hall'],
    ['select name from users', 'select name, * from users'],
    ['users where name is alice smith', "users where name is 'alice' -- smith"],
    ['copy notes to archive', 'copy .. notes to archive'],
    ['copy notes to archive', 'copy notes > to archive'],
    ['say hello to everybody', 'say hello && to everybody'],
  ])('are the same: %s is not %s', (prompt, value) => {
    expect(isTyped(prompt, value)).toBe(false);
  });

  it.each([
    ['call Smith Jones Hall', 'Smith, Jones\nHall'],
    ['ship to:\nJane Doe\n12 Harbour Lane', 'Jane Doe, 12 Harbour Lane'],
    ['ship to 5 Elm St., Apt. 4', '5 Elm St, Apt 4'],
    ['write to O’Brien Hall', "O'Brien Hall"],
    ['run "a b" | sort > file', 'run "a b" | sort > file'],
  ])('may be other spacing: %s is %s', (prompt, value) => {
    expect(isTyped(prompt, value)).toBe(true);
  });
});

describe('a value that goes on where it was typed is another one', () => {
  it.each([
    ['delete /home/alice/old/notes.txt', '/home/alice'],
    ['delete /home/alice/*', '/home/alice'],
    ['delete /home/alice/..', '/home/alice'],
    ['delete /home/alice/../', '/home/alice'],
    ['delete C:\\Users\\alice\\old', 'C:\\Users\\alice'],
    ['empty s3://my-company/backups', 's3://my-company'],
    ['empty my-bucket-prod', 'my-bucket'],
    ['see feature/login-page', 'login-page'],
    ['push registry:5000/web-app:v2', 'registry:5000/web-app'],
    ['ask Jane Smith-Jones', 'Jane Smith'],
  ])('%s is not %s', (prompt, value) => {
    expect(isTyped(prompt, value)).toBe(false);
  });

  it.each([
    ['delete /home/alice/', '/home/alice'],
    ['delete /home/alice, then stop', '/home/alice'],
    ['delete (/home/alice)', '/home/alice'],
    ['ask Jane Smith: what now?', 'Jane Smith'],
    ['post to company-page.They know', 'company-page'],
    ['read news.example.com/a/b', 'news.example.com'],
  ])('%s is %s', (prompt, value) => {
    expect(isTyped(prompt, value)).toBe(true);
  });

  it('is known again when it was sent', () => {
    const flow = createSessionFlow({ seed: 1 });
    const sent = 'see ../home/alice-smith/projects/old (or ../tools)';
    flow.observe({ path: sent }, { origin: 'sent' });
    const labels = [compileLabels({ '[]': 'trusted:path' })];
    flow.observe(['/home/alice-smith/projects'], { origin: 'untrusted', labels });
    expect(flow.isVouched('/home/alice-smith/projects', ['trusted'])).toBe(false);
  });
});
