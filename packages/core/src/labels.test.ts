import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryLabels, type SessionKey } from './labels.ts';

const part = fc.option(fc.constantFrom('', 'a', 'b', 'null', '","', 'a","b'), { nil: undefined });
const key: fc.Arbitrary<SessionKey> = fc.record({ tenant: part, principal: part, session: part });

describe('labels in memory', () => {
  it('of a session only grow, each once', () => {
    fc.assert(
      fc.property(
        key,
        fc.array(fc.array(fc.constantFrom('x', 'y', 'z'), { maxLength: 3 })),
        (session, additions) => {
          const labels = memoryLabels();
          const expected = new Set<string>();
          for (const more of additions) {
            void labels.add(session, more);
            for (const label of more) expected.add(label);
            expect(labels.get(session)).toEqual([...expected]);
          }
        },
      ),
    );
  });

  it('of one session are not those of another, whatever tenants, people and sessions are called', () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        const same =
          a.tenant === b.tenant && a.principal === b.principal && a.session === b.session;
        const labels = memoryLabels();
        void labels.add(a, ['x']);
        expect(labels.get(b)).toEqual(same ? ['x'] : []);
      }),
    );
  });

  it('cannot be taken away by whoever read or added them', () => {
    const labels = memoryLabels();
    const session = { tenant: 't', principal: 'p', session: 's' };
    const more = ['x'];
    void labels.add(session, more);
    more.pop();
    expect(() => (labels.get(session) as string[]).pop()).toThrow(TypeError);
    expect(labels.get(session)).toEqual(['x']);
  });
});
