import { describe } from 'vitest';
import { aborts } from './adapter/aborts.ts';
import { approvers } from './adapter/approvers.ts';
import { args } from './adapter/args.ts';
import { auditTrail } from './adapter/audit-trail.ts';
import { brokenPolicies } from './adapter/broken-policies.ts';
import { closing } from './adapter/closing.ts';
import { contexts } from './adapter/contexts.ts';
import { dataFlow } from './adapter/data-flow.ts';
import { directCalls } from './adapter/direct-calls.ts';
import { events } from './adapter/events.ts';
import { facts } from './adapter/facts.ts';
import type { AdapterHarness } from './adapter/harness.ts';
import { hooks } from './adapter/hooks.ts';
import { nesting } from './adapter/nesting.ts';
import { nobodyToAsk } from './adapter/nobody-to-ask.ts';
import { results } from './adapter/results.ts';
import { streams } from './adapter/streams.ts';
import { transparency } from './adapter/transparency.ts';
import { verdicts } from './adapter/verdicts.ts';

/**
 * What every adapter has to do, on real runs of its framework. An adapter joins with one test file
 * that supplies a harness; what its framework lacks is a capability that is `false`, and the suite
 * then asserts what happens instead.
 */
export function testAdapter<Tools>(harness: AdapterHarness<Tools>): void {
  describe(harness.name, () => {
    describe('transparency', () => transparency(harness));
    describe('verdicts', () => verdicts(harness));
    describe('approvers', () => approvers(harness));
    describe('nobody to ask', () => nobodyToAsk(harness));
    describe('arguments', () => args(harness));
    describe('results', () => results(harness));
    describe('streams', () => streams(harness));
    describe('aborts', () => aborts(harness));
    describe('nesting', () => nesting(harness));
    describe('contexts', () => contexts(harness));
    describe('audit trail', () => auditTrail(harness));
    describe('direct calls', () => directCalls(harness));
    describe('facts', () => facts(harness));
    describe('broken policies', () => brokenPolicies(harness));
    describe('hooks', () => hooks(harness));
    describe('events', () => events(harness));
    describe('data flow', () => dataFlow(harness));
    describe('closing', () => closing(harness));
  });
}
