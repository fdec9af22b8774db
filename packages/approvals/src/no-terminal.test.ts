import { describe, expect, it } from 'vitest';

import { runScenario } from '../test/run-scenario.ts';

describe('terminalApprover in a process without a terminal', () => {
  it('lets nothing run, says why and what to do, and lets the process end', async () => {
    const { code, stdout, stderr } = await runScenario('plain');
    expect(stdout).toMatch(/^RESULT refund approval_required /);
    expect(stdout).toMatch(
      /there is no terminal to ask at; run it in one, .*GUARDSTILE_AUTO_APPROVE=1/,
    );
    expect(stdout).toContain('AUDIT approval.cancelled');
    expect(stdout).not.toContain('AUDIT approval.deny');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('takes nothing that is piped into the process for an answer', async () => {
    const { code, stdout } = await runScenario('plain', { input: '\u{1b}[A\r\nyes\napprove\n' });
    expect(stdout).toContain('RESULT refund approval_required');
    expect(code).toBe(0);
  });

  it.each(['1', 'true'])(
    'approves with GUARDSTILE_AUTO_APPROVE=%s, and the log says so',
    async (value) => {
      const env = { GUARDSTILE_AUTO_APPROVE: value };
      const { code, stdout, stderr } = await runScenario('plain', { env });
      expect(stdout).toMatch(/^RESULT refund ran with orderId,amount\n/);
      expect(stdout).toMatch(/AUDIT approval\.approve .*"channel":"terminal:auto-approve"/);
      expect(stdout).toContain('no person was asked');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    },
  );

  it('audits that hidden values were revealed before it approves without a person', async () => {
    const env = { GUARDSTILE_AUTO_APPROVE: '1' };
    const { stdout } = await runScenario('hidden', { env });
    expect(stdout).toMatch(
      /^RESULT refund ran[\s\S]*AUDIT approval\.revealed[\s\S]*AUDIT approval\.approve/,
    );
    expect(stdout).not.toContain('hunter2');
  });

  it.each<Readonly<Record<string, string>>>([{}, { GUARDSTILE_AUTO_APPROVE: '1' }])(
    'answers for nobody who is named (%j)',
    async (env) => {
      const { code, stdout } = await runScenario('namedApprovers', { env });
      expect(stdout).toMatch(/^RESULT refund approval_required .*1 of role:finance/);
      expect(stdout).not.toContain('AUDIT approval.approve');
      expect(code).toBe(0);
    },
  );

  it('does not start with a value of GUARDSTILE_AUTO_APPROVE that it does not know', async () => {
    const { code, stdout, stderr } = await runScenario('plain', {
      env: { GUARDSTILE_AUTO_APPROVE: 'yes' },
    });
    expect(stdout).toBe('');
    expect(stderr).toContain('GUARDSTILE_AUTO_APPROVE is "yes"; set it to 1 or true');
    expect(code).toBe(1);
  });
});
