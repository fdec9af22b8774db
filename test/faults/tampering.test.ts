import { readFileSync } from 'node:fs';

import { beforeAll, describe, expect, it } from 'vitest';

import { README, withTable } from './tampering-section.ts';
import { type Finding, findings, tamperingTable } from './tampering-table.ts';

let found: readonly Finding[] = [];

beforeAll(async () => {
  found = await findings();
});

describe('tampering with a log', () => {
  it('is detected by the checkpoint whatever was done to what it covers', () => {
    const missed = found.filter(({ checkpoint }) => !checkpoint).map(({ attack }) => attack);
    expect(missed).toEqual([
      'the end behind the last anchored checkpoint is cut off',
      'with the stolen HMAC key: what is behind the last anchored checkpoint is rewritten',
      'with both stolen keys and the anchor in reach: everything is rewritten',
    ]);
  });

  it('is detected by the HMAC unless its key was stolen, or nothing but an end is missing', () => {
    const missed = found.filter(({ hmac }) => !hmac).map(({ attack }) => attack);
    expect(missed.filter((attack) => !/stolen|end|older|all files/.test(attack))).toEqual([]);
  });

  it('refuses the next start wherever anything but an end, or everything, is missing', () => {
    for (const { attack, start, hmac, checkpoint } of found) {
      // A new log begins; and a start reads no further back than its mark, which verification does.
      if (attack === 'all files are deleted' || attack.endsWith('the mark with it')) continue;
      const refused = ['audit_tampered', 'audit_rolled_back'].includes(start);
      expect(refused, attack).toBe(hmac || checkpoint);
    }
  });

  it('is shown in the README as it was measured', () => {
    expect(readFileSync(README, 'utf8')).toBe(withTable(tamperingTable(found)));
  });
});
