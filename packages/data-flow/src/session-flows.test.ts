import { expect, it } from 'vitest';

import { createSessionFlows } from './session-flows.ts';

const key = (session: string, principal = 'alice') => ({ tenant: 't', principal, session });

it('keeps sessions apart by tenant, principal and session', () => {
  const flows = createSessionFlows();
  flows.of(key('1')).observe('mail eve@example.com', { origin: 'prompt' });
  expect(flows.of(key('1')).originOf('eve@example.com').sightings).toHaveLength(1);
  for (const other of [key('2'), key('1', 'bob'), { ...key('1'), tenant: undefined }]) {
    expect(flows.of(other).originOf('eve@example.com').sightings).toEqual([]);
  }
});

it('knows of a session with history only that it does not know it', () => {
  const flows = createSessionFlows();
  expect(flows.of(key('1'), 'with-history').complete).toBe(false);
  expect(flows.of(key('2')).complete).toBe(true);
  // What began here is known, however it is asked for later.
  expect(flows.of(key('2'), 'with-history').complete).toBe(true);
});

it('trusts no new session once one was forgotten', () => {
  const flows = createSessionFlows({ maxSessions: 2 });
  flows.of(key('1'));
  flows.of(key('2'));
  flows.of(key('1'));
  expect(flows.of(key('3')).complete).toBe(true);
  expect(flows.of(key('2')).complete).toBe(false);
  expect(flows.size).toBe(2);
});

it('forgets a session that is over', () => {
  const flows = createSessionFlows();
  flows.of(key('1')).observe('mail eve@example.com', { origin: 'prompt' });
  flows.end(key('1'));
  expect(flows.size).toBe(0);
  expect(flows.of(key('1')).originOf('eve@example.com').sightings).toEqual([]);
});
