import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createRedactor } from './redact.ts';
import { snapshot } from './snapshot.ts';

// Attack strings and secret-like strings of public lists. They are data, live beside the repository
// and are not part of it: without them these tests are skipped, and say so.
const file = new URL('../../../../shared/data/payloads.json.gz', import.meta.url);
const here = existsSync(file);

interface List<T> {
  readonly items: readonly T[];
}
interface Categories {
  readonly prototypePollution: readonly List<string>[];
  readonly secretTestStrings: readonly List<{ readonly rule: string; readonly text: string }>[];
  readonly secretFalsePositives: readonly List<{ readonly rule: string; readonly text: string }>[];
  readonly secretlintFixtures: readonly List<{
    readonly case: string;
    readonly input: string;
    readonly messages: number;
  }>[];
}

function categories(): Categories {
  return (JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')) as { categories: Categories })
    .categories;
}

const { text } = createRedactor();
const redacts = (value: string): boolean => text(value) !== value;

/** How many of each name. */
function count(names: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

describe.skipIf(!here)('public payloads (skipped where ../shared/data is missing)', () => {
  it('that pollute prototypes are refused or stay plain fields, and nothing is polluted', () => {
    const payloads = categories().prototypePollution.flatMap((list) => list.items);
    expect(payloads.length).toBeGreaterThan(10);
    let refused = 0;
    for (const payload of payloads) {
      for (const json of [
        payload,
        `{${payload.trim()}}`,
        `{${payload.trim()}"x":1}}`,
        `{${payload.trim()}}}`,
      ]) {
        let value: unknown;
        try {
          value = JSON.parse(json);
        } catch {
          continue;
        }
        try {
          expect(snapshot(value).value).toEqual(value);
        } catch (error) {
          expect(error).toMatchObject({ code: 'args_unsupported' });
          refused += 1;
        }
      }
      expect(snapshot({ [payload]: payload }).value).toEqual({ [payload]: payload });
    }
    expect(refused).toBeGreaterThan(0);
    expect(({} as Record<string, unknown>)['evilProperty']).toBeUndefined();
    expect(({} as Record<string, unknown>)['foo']).toBeUndefined();
  });

  it('that are secrets of the kinds we claim are found', () => {
    const strings = categories().secretTestStrings.flatMap((list) => list.items);
    const claimed = new Set([
      'anthropic',
      'aws',
      'azure',
      'gcp',
      'github',
      'gitlab',
      'jwt',
      'npm',
      'privatekey',
      'slack',
      'stripe',
    ]);
    const missed = strings.filter((s) => claimed.has(s.rule) && !redacts(s.text));
    // The beginnings of two webhook addresses, without the part that is secret.
    expect(missed.map((s) => s.text)).toEqual([
      'https://hooks.slack.com/workflows/',
      'https://hooks.slack.com/triggers/',
    ]);
    expect(count(strings.filter((s) => redacts(s.text)).map((s) => s.rule))).toEqual({
      anthropic: 1,
      aws: 1,
      azure: 5,
      curl: 4,
      hashicorp_vault: 1,
      notion: 1,
      privatekey: 1,
      sidekiq: 3,
      slack: 2,
    });
  });

  it('that are secrets of other kinds are not: these are the ones that get through', () => {
    const strings = categories().secretTestStrings.flatMap((list) => list.items);
    // Kinds that are only known by their context (curl -u user:password, a Facebook page token), and
    // patterns or names that stand in the list in place of a secret.
    expect(count(strings.filter((s) => !redacts(s.text)).map((s) => s.rule))).toEqual({
      cohere: 1,
      curl: 5,
      facebook: 4,
      hashicorp_vault: 1,
      octopusdeploy: 1,
      privateai: 1,
      slack: 2,
    });
  });

  it('of a scanner’s own tests are found where we claim the kind, and listed where not', () => {
    const fixtures = categories().secretlintFixtures.flatMap((list) => list.items);
    const withSecret = fixtures.filter((fixture) => fixture.messages > 0);
    const nameOf = (fixture: { case: string }): string =>
      fixture.case.replace('secretlint-rule-', '');
    expect(withSecret.filter((fixture) => redacts(fixture.input)).map(nameOf)).toEqual([
      'anthropic/ng.secret',
      'basicauth/ng.basic-auth-http-url',
      'basicauth/ng.real-credentials',
      'cloudflare/ng.secret',
      'database-connection-string/ng.mongodb',
      'docker/ng.docker-pat',
      'github/ng.apikey',
      'github/ng.app_installation_token',
      'github/ng.fine_grained_pat',
      'gitlab/ng.personal_access_token',
      'grafana/ng.service_account_token',
      'notion/ng.secret',
      'pattern/ng.filePathGlobs-aws-in-env',
      'privatekey/ecdsa-256',
      'privatekey/private-key-pem',
      'privatekey/rsa-4096',
      'sendgrid/ng.apikey',
      'slack/ng.IncomingWebhook',
      'slack/ng.user-token',
      'tailscale/ng.client-key',
      'tailscale/ng.webhook-key',
    ]);
    // Not covered: identifiers that are no secrets to us, values known only by what stands before
    // them (password = …), binary key stores, Vercel, and prefixes glued to a word.
    expect(withSecret.filter((fixture) => !redacts(fixture.input)).map(nameOf)).toEqual([
      'aws/ng.AWS Account ID',
      'azure/ng.ad_tenant_id',
      'azure/ng.azure_client_secret',
      'gcp/ng.privatekey-p12-sha512-mac',
      'gcp/ng.privatekey-p12',
      'no-homedir/ng.homedir',
      'no-homedir/ng.patial-homedir',
      'pattern/ng.basic-test',
      'pattern/ng.pattern-allows-other-pattern',
      'tailscale/ng.boundary-non-letter',
      'vercel/ng.secret',
    ]);
    const without = fixtures
      .filter((fixture) => fixture.messages === 0 && redacts(fixture.input))
      .map(nameOf);
    // Placeholders and allow-lists of the scanner: they look like secrets, and we hide them.
    expect(without).toEqual([
      'groq/ok.allows',
      'privatekey/placeholder-dots',
      'tailscale/ok.allows',
    ]);
  });

  it('that are no secrets stay, but for those that only a list of known examples tells apart', () => {
    const strings = categories().secretFalsePositives.flatMap((list) => list.items);
    expect(strings.length).toBe(119);
    // Placeholders (xxxx), public example keys, and one token whose kind is named wrongly: better hidden.
    expect(count(strings.filter((s) => redacts(s.text)).map((s) => s.rule))).toEqual({
      anthropic: 2,
      azure: 1,
      curl: 1,
      gcp: 9,
      github: 1,
      privatekey: 2,
      slack: 4,
    });
  });
});
