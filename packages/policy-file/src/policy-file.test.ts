import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type AuditLog, createGuard, memoryAudit } from '@guardstile/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { policyFile } from './policy-file.ts';
import { createPolicyKeys, signPolicy } from './policy-signature.ts';
import type { Reload } from './reload-policy.ts';

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'guardstile-reload-'));
  path = join(directory, 'policy.yaml');
  write(LOOSE);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** As editors and deployments do: at once. */
function write(text: string, to = path): void {
  writeFileSync(`${to}.new`, text);
  renameSync(`${to}.new`, to);
}

const LOOSE = `
version: 1
rules:
  - { id: refunds, effect: allow, tool: refund }
tests:
  - { call: refund, expect: allow }
`;
const STRICT = `
version: 1
rules:
  - { id: refunds, effect: allow, tool: refund }
  - { id: large, effect: deny, tool: refund, where: { amount: { gt: 5 } } }
`;
const NARROW = `
version: 1
rules:
  - { id: large, effect: deny, tool: refund, where: { amount: { gt: 5 } } }
`;

const refund = { tool: 'refund', args: { amount: 9 } };

/** As `expect.stringContaining`, of a type. */
function said(part: string): unknown {
  return expect.stringContaining(part);
}

describe('a reload', () => {
  it('changes what capabilities it answers for', async () => {
    const grant = (what: string): string => `version: 1\ncapabilities: { grant: ${what} }`;
    writeFileSync(path, grant('standard'));
    const policy = await policyFile(path, { widening: 'allowed' });
    expect(policy.checkCapability('sendEmail').effect).toBe('deny');
    writeFileSync(path, grant('full'));
    await policy.reload();
    expect(policy.checkCapability('sendEmail').effect).toBe('allow');
  });

  it('takes effect for a guard that is in use, and is in its events and its log before', async () => {
    const policy = await policyFile(path);
    const guard = createGuard({ policy });
    const tool = guard.tool({ name: 'refund' });
    expect((await tool.decide(refund)).effect).toBe('allow');
    const told: string[] = [];
    guard.on('policy.changed', ({ change }) => {
      told.push(`${change} while ${policy.explain(refund).verdict}`);
    });

    write(STRICT);
    expect(await policy.reload()).toMatchObject({ outcome: 'changed', widens: false });
    expect((await tool.decide(refund)).rule).toBe('large');
    expect(told).toEqual([`${path} reloaded: + rule large (deny refund) while allow`]);
    const [entry] = (await guard.audit?.query({ kind: 'policy' })) ?? [];
    expect(entry?.reason).toBe(`${path} reloaded: + rule large (deny refund)`);
    await guard.close();
  });

  it('of the same text changes nothing', async () => {
    const policy = await policyFile(path);
    expect(await policy.reload()).toEqual({ outcome: 'unchanged' });
  });

  it('of an invalid file keeps the old policy, and says what is wrong with the new one', async () => {
    const policy = await policyFile(path);
    write('version: 1\nrulse: []');
    expect(await policy.reload()).toMatchObject({
      outcome: 'refused',
      error: { code: 'policy_invalid', message: said(`${path}:2:1`) },
    });
    expect(policy.explain(refund).verdict).toBe('allow');
    rmSync(path);
    expect(await policy.reload()).toMatchObject({ outcome: 'refused' });
    expect(policy.explain(refund).verdict).toBe('allow');
  });

  it('of a file whose own tests fail keeps the old policy', async () => {
    const policy = await policyFile(path);
    write(`${STRICT}tests: [{ call: refund, args: { amount: 6 }, expect: allow }]`);
    expect(await policy.reload()).toMatchObject({
      outcome: 'refused',
      error: { message: said('expected allow, decided deny by large') },
    });
    expect(policy.explain(refund).verdict).toBe('allow');
  });

  it('that widens is refused without somebody’s word for it', async () => {
    write(STRICT);
    const policy = await policyFile(path);
    write(LOOSE);
    expect(await policy.reload()).toMatchObject({
      outcome: 'refused',
      error: { message: said('- rule large (deny refund)') },
    });
    expect(policy.explain(refund).verdict).toBe('deny');
  });

  it('that widens takes effect where that was allowed', async () => {
    write(STRICT);
    const policy = await policyFile(path, { widening: 'allowed' });
    write(LOOSE);
    expect(await policy.reload()).toMatchObject({ outcome: 'changed', widens: true });
    expect(policy.explain(refund).verdict).toBe('allow');
  });

  it('that widens needs a signature of exactly these files by exactly this key', async () => {
    const included = join(directory, 'more.yaml');
    write('version: 1', included);
    write(`${STRICT}include: [more.yaml]`);
    const { privateKey, publicKey } = createPolicyKeys();
    const policy = await policyFile(path, { widening: { publicKey } });
    write(`${LOOSE}include: [more.yaml]\nrevision: 1`);
    const outcome = async (): Promise<string> => (await policy.reload()).outcome;
    expect(await outcome()).toBe('refused');
    writeFileSync(`${path}.sig`, 'nonsense');
    expect(await outcome()).toBe('refused');
    writeFileSync(`${path}.sig`, signPolicy(path, createPolicyKeys().privateKey));
    expect(await outcome()).toBe('refused');
    writeFileSync(`${path}.sig`, signPolicy(path, privateKey));
    write('version: 1\nrules: [{ id: more, effect: allow, tool: other }]', included);
    expect(await outcome()).toBe('refused');
    expect(policy.explain(refund).verdict).toBe('deny');
    writeFileSync(`${path}.sig`, signPolicy(path, privateKey));
    expect(await outcome()).toBe('changed');
    expect(policy.explain({ tool: 'other' }).verdict).toBe('allow');
    // The same signature says nothing of the next change.
    write('version: 1\nrules: [{ id: more, effect: allow, tool: "*" }]', included);
    expect(await outcome()).toBe('refused');
  });

  it('does not take an older signed file again, whatever is written in between', async () => {
    const { privateKey, publicKey } = createPolicyKeys();
    const signed = (text: string): { readonly text: string; readonly signature: string } => {
      write(text);
      return { text, signature: signPolicy(path, privateKey) };
    };
    const put = ({ text, signature }: ReturnType<typeof signed>): void => {
      write(signature, `${path}.sig`);
      write(text);
    };
    const first = signed(`${LOOSE}revision: 1`);
    const second = signed(`${STRICT}revision: 2`);
    const third = signed(`${LOOSE}revision: 3`);
    put(second);
    const policy = await policyFile(path, { widening: { publicKey } });

    put(first);
    expect(await policy.reload()).toMatchObject({
      outcome: 'refused',
      error: {
        code: 'policy_invalid',
        message: said('it is signed as revision 1, and 2 is in use'),
      },
    });
    // Nor by way of a file that only restricts, and says that it is an earlier or a later revision.
    for (const revision of ['', 'revision: 1', 'revision: 9']) {
      write(`${NARROW}${revision}`);
      expect(await policy.reload()).toMatchObject({
        outcome: 'refused',
        error: { message: said('its revision changes from 2 to') },
      });
    }
    write(`${NARROW}revision: 2`);
    expect(await policy.reload()).toMatchObject({ outcome: 'changed', widens: false });
    put(second);
    expect((await policy.reload()).outcome).toBe('refused');
    expect(policy.explain(refund).verdict).toBe('deny');
    put(third);
    expect(await policy.reload()).toMatchObject({ outcome: 'changed', widens: true });
    put(third);
    expect((await policy.reload()).outcome).toBe('unchanged');
  });

  it('waits for the logs of all guards that have the policy', async () => {
    const policy = await policyFile(path);
    const log = memoryAudit();
    const written = Promise.withResolvers<void>();
    const appending = Promise.withResolvers<void>();
    const slow: AuditLog = {
      ...log,
      async append(draft) {
        appending.resolve();
        await written.promise;
        return log.append(draft);
      },
    };
    const guards = [createGuard({ policy }), createGuard({ policy, audit: slow })];
    write(STRICT);
    const reload = policy.reload();
    await appending.promise;
    expect(policy.explain(refund).verdict).toBe('allow');
    written.resolve();
    expect((await reload).outcome).toBe('changed');
    expect(policy.explain(refund).verdict).toBe('deny');
    expect((await log.query({ action: 'policy.changed' }))[0]?.payload).toMatchObject({
      to: policy.digest({}),
    });
    for (const guard of guards) await guard.close();
  });

  it('does not take effect where a guard’s log does not take it', async () => {
    write(STRICT);
    const policy = await policyFile(path, { widening: 'allowed' });
    const broken: AuditLog = {
      ...memoryAudit(),
      append() {
        throw new Error('disk full');
      },
    };
    const guard = createGuard({ policy, audit: broken });
    const told: string[] = [];
    guard.on('policy.changed', ({ change }) => told.push(change));
    write(LOOSE);
    expect(await policy.reload()).toMatchObject({
      outcome: 'refused',
      error: { code: 'audit_error', message: said('disk full') },
    });
    expect(policy.explain(refund).verdict).toBe('deny');
    expect(told).toEqual([]);
    await guard.close();
    expect((await policy.reload()).outcome).toBe('changed');
  });

  it('cannot demand what a guard that has the policy cannot honour', async () => {
    const policy = await policyFile(path, { widening: 'allowed' });
    const guard = createGuard({ policy });
    write(LOOSE.replace('tool: refund }', 'tool: refund, requires: { sandbox: { files: os } } }'));
    expect(await policy.reload()).toMatchObject({
      outcome: 'refused',
      error: { code: 'policy_invalid', message: said('requires files: "os"') },
    });
    expect((await guard.decide(refund)).effect).toBe('allow');
    await guard.close();
  });

  it('cannot make another kind of layer of it', async () => {
    const policy = await policyFile(path, { widening: 'allowed' });
    write('version: 1\nlayer: restricts');
    expect(await policy.reload()).toMatchObject({
      outcome: 'refused',
      error: { message: said('restart') },
    });
  });

  it('comes after the one before it', async () => {
    const policy = await policyFile(path, { widening: 'allowed' });
    write(STRICT);
    const first = policy.reload();
    const second = policy.reload();
    expect([(await first).outcome, (await second).outcome]).toEqual(['changed', 'unchanged']);
  });
});

describe('at the start', () => {
  it('an invalid file throws', async () => {
    write('version: 1\nrulse: []');
    await expect(policyFile(path)).rejects.toMatchObject({ code: 'policy_invalid' });
  });

  it('a file whose tests fail throws', async () => {
    write(LOOSE.replace('expect: allow', 'expect: deny'));
    await expect(policyFile(path)).rejects.toThrow('expected deny, decided allow by refunds');
  });
});

describe('watching', () => {
  it('reloads when the file is replaced, until it is closed', async () => {
    const target = new EventTarget();
    const last: Reload[] = [];
    const policy = await policyFile(path, {
      watch: true,
      onReload(reload) {
        last[0] = reload;
        target.dispatchEvent(new Event('reload'));
      },
    });
    try {
      write(STRICT);
      while (policy.explain(refund).verdict !== 'deny') await once(target, 'reload');
      expect(policy.rules).toEqual(['large', 'refunds']);
      write('version: 1\nrulse: []');
      while (last[0]?.outcome !== 'refused') await once(target, 'reload');
      expect(policy.explain(refund).verdict).toBe('deny');
    } finally {
      policy.close();
    }
  });
});
