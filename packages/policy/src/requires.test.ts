import {
  createGuard,
  type Guarantees,
  layers,
  memoryAudit,
  perUser,
  type Policy,
  type Sandbox,
} from '@guardstile/core';
import { describe, expect, it } from 'vitest';

import { describeExplanation } from './describe-explanation.ts';
import type { RuleDocument } from './document.ts';
import { checkPolicy, compilePolicy } from './rule-policy.ts';
import { shadow } from './shadow.ts';

const all: RuleDocument = { id: 'all', effect: 'allow', tool: '*' };
const os: RuleDocument = {
  id: 'os',
  effect: 'allow',
  tool: 'run',
  requires: { sandbox: { files: 'os', network: 'args' } },
};
const disk: RuleDocument = {
  id: 'disk',
  effect: 'ask',
  tool: 'run',
  requires: { sandbox: { files: 'args', time: 'runtime' }, durability: 'disk' },
};

const levels: Guarantees = {
  files: 'os',
  network: 'os',
  processes: 'os',
  environment: 'os',
  memory: 'none',
  cpu: 'none',
  time: 'runtime',
};
const sandbox: Sandbox = {
  name: 'box',
  guarantees: levels,
  check: () => ({ ok: true, guarantees: levels }),
  run: (_, { execute }) => execute(),
};

describe('what a rule requires', () => {
  it('is what the decision demands: the strongest of all rules about the call', () => {
    const policy = compilePolicy({ rules: [all, os, disk] });
    const run = policy.explain({ tool: 'run' });
    expect(run.requires).toEqual({
      sandbox: { files: 'os', network: 'args', time: 'runtime' },
      durability: 'disk',
    });
    expect(policy.explain({ tool: 'other' }).requires).toEqual({});
    expect(describeExplanation(run)).toContain(
      '  requires a sandbox for files (os)\n  requires a sandbox for network (args)\n  requires a sandbox for time (runtime)\n  requires a log of durability disk\n',
    );
    expect(policy.digest({})).not.toBe(compilePolicy({ rules: [all, os] }).digest({}));
  });

  const needing: Readonly<Record<string, Policy>> = {
    itself: compilePolicy({ rules: [all, os] }, { name: 'p' }),
    'in a layer': layers([
      { name: 'all', grants: compilePolicy({ rules: [all] }) },
      { name: 'box', restricts: compilePolicy({ layer: 'restricts', rules: [os] }) },
    ]),
    'beside one that is tried out': shadow({
      enforced: compilePolicy({ rules: [all, os] }),
      candidate: compilePolicy({ rules: [all] }),
      as: 'layer',
    }),
    'of a user': perUser({
      default: () => 'deny',
      policies: { ann: compilePolicy({ rules: [os] }) },
    }),
  };

  it.each(Object.entries(needing))(
    'has to be there when the guard is made, for a policy %s',
    async (_, policy) => {
      expect(() => createGuard({ policy })).toThrow(
        /requires files: "os", and the sandbox ".*" offers "none"; pass createGuard\(\{ sandbox \}\)/,
      );
      const guard = createGuard({ policy, sandbox });
      await guard.close();
    },
  );

  it('has to be there of the log too', () => {
    const policy = compilePolicy({ rules: [all, disk] }, { name: 'p' });
    const why = (audit: Parameters<typeof createGuard>[0]['audit']): string => {
      try {
        createGuard({ policy, sandbox, ...(audit === undefined ? {} : { audit }) });
        return 'made';
      } catch (error) {
        return String(error);
      }
    };
    expect(why(undefined)).toContain(
      'requires a log of durability "disk", and this one offers "memory"',
    );
    expect(why(false)).toContain('offers "none"');
    expect(why({ ...memoryAudit(), durability: 'disk' })).toBe('made');
  });

  it('needs nothing while it is only tried out', () => {
    for (const policy of [
      compilePolicy({ rules: [all, { ...os, mode: 'shadow' }] }),
      compilePolicy({ enforcement: 'observe', rules: [all, os] }),
    ]) {
      expect(() => createGuard({ policy })).not.toThrow();
      expect(policy.explain({ tool: 'run' }).requires).toEqual({});
    }
  });

  it.each([
    [{ sandbox: { file: 'os' } }, '"file" is not known in a sandbox (did you mean "files"?)'],
    [{ sandbox: { files: 'total' } }, 'files cannot be "total"; use none, args'],
    [{ durability: 'disc' }, 'durability cannot be "disc" (did you mean "disk"?)'],
    [{ sandboxes: {} }, '"sandboxes" is not known in requires'],
    [{}, 'it requires nothing; leave it out'],
  ])('is refused where it is not understood: %j', (requires, message) => {
    const issues = checkPolicy({ rules: [{ ...all, requires }] });
    expect(issues[0]?.message).toContain(message);
  });

  it('is refused of a denial', () => {
    const rule = { ...os, effect: 'deny' };
    expect(checkPolicy({ rules: [rule] })[0]?.message).toBe('what is denied never starts');
  });
});
