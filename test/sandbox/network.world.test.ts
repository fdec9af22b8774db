import { spawn, spawnSync } from 'node:child_process';
import { BlockList, isIP } from 'node:net';
import { json } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { describe, expect } from 'vitest';

import { itWhere } from '../faults/it-where.ts';
import type { NetworkCase, NetworkOutcome } from './network-world.ts';
import { payloads, payloadsAreHere } from './payloads.ts';

/** An address of its own that the world's only interface has; everything else is routed to it. */
const OWN = '198.41.0.4';
const WORLD = `ip link set lo up && ip addr add ${OWN}/32 dev lo && ip route add local 0.0.0.0/0 dev lo && ip -6 route add local ::/0 dev lo`;

const possible = spawnSync('unshare', ['-rn', 'sh', '-c', WORLD]).status === 0;
const itWithWorld = itWhere(possible, 'unshare with user namespaces, and ip');
const itWithPayloads = itWhere(
  possible && payloadsAreHere,
  'unshare with user namespaces, ip and ../shared/data/payloads.json.gz',
);

/** What came of the cases where every address, public or not, leads to this machine. */
async function inWorld(cases: readonly NetworkCase[]): Promise<readonly NetworkOutcome[]> {
  const program = fileURLToPath(new URL('./network-world.ts', import.meta.url));
  const command = `${WORLD} && exec "$0" "$1"`;
  const world = spawn('unshare', ['-rn', 'sh', '-c', command, process.execPath, program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  world.stdin.end(JSON.stringify({ cases, ports: [80, 22, 8080, 8000] }));
  const { outcomes } = (await json(world.stdout)) as { outcomes: readonly NetworkOutcome[] };
  return outcomes;
}

// Not the code under test: the ranges once more, as Node's own block list judges them.
const internal = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
  [OWN, 32],
] as const)
  internal.addSubnet(net, bits);
for (const [net, bits] of [
  ['::', 3],
  ['2001::', 32],
  ['2002::', 16],
  ['4000::', 2],
  ['8000::', 1],
] as const)
  internal.addSubnet(net, bits, 'ipv6');

function isInternal(address: string): boolean {
  return internal.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

const internalOf = (
  outcomes: readonly NetworkOutcome[],
  who: 'plain' | 'guarded',
): readonly string[] => outcomes.filter((one) => one[who].some(isInternal)).map(({ url }) => url);

const LITERALS = [
  '127.0.0.1',
  '127.1',
  '127.0.0.1.',
  '0x7f.1',
  '0177.0.0.1',
  '2130706433',
  '0x7f000001',
  '017700000001',
  '①②⑦.⓪.⓪.①',
  '１２７.０.０.１',
  '127。0。0。1',
  '0',
  '0.0.0.0',
  '10.0.0.1',
  '100.64.0.1',
  '100.100.100.200',
  '168.63.129.16',
  '169.254.169.254',
  '172.16.0.1',
  '192.0.0.192',
  '192.168.1.1',
  '198.18.0.1',
  OWN,
  '[::]',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[::127.0.0.1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::ffff:0:127.0.0.1]',
  '[64:ff9b::127.0.0.1]',
  '[64:ff9b:1::7f00:1]',
  '[2002:7f00:1::]',
  '[2001:0:7f00:1::]',
  '[2001:db8::1]',
  '[fc00::1]',
  '[fd00:ec2::254]',
  '[fec0::1]',
  '[100::1]',
  'localhost',
  'localhost.',
  'LOCALHOST',
  'ｌｏｃａｌｈｏｓｔ',
  'sub.localhost',
  'anything.example',
  'user:pass@127.0.0.1',
  'public.test@127.0.0.1',
  'public.test:80@127.0.0.1',
  '127.0.0.1#@public.test',
  '127.0.0.1\\@public.test',
  '127.0.0.1?public.test',
];

describe('where every address leads to this machine', () => {
  itWithWorld(
    'no spelling of an internal address is reached, as a plain client reaches most',
    async () => {
      const outcomes = await inWorld(
        LITERALS.flatMap((host) => {
          const url = `http://${host}/`;
          return [{ url }, { url, byRequest: true }];
        }),
      );
      expect(internalOf(outcomes, 'plain').length).toBeGreaterThan(40);
      expect(internalOf(outcomes, 'guarded')).toEqual([]);
      expect(outcomes.flatMap(({ guarded }) => guarded)).toEqual([]);
      const others = outcomes.filter(({ answer }) => answer !== 'sandbox_refused');
      expect(others.filter(({ answer }) => !answer.includes('includes credentials'))).toEqual([]);
    },
  );

  itWithPayloads('no SSRF string of public lists reaches an internal address', async () => {
    const cases = payloads('ssrf').flatMap((text) =>
      [text, text.trim(), text.trim().split(/\s+/)[0] ?? ''].map((url) => ({ url })),
    );
    const outcomes = await inWorld(cases);
    const plain = internalOf(outcomes, 'plain');
    expect(plain.length).toBeGreaterThan(20);
    expect(internalOf(outcomes, 'guarded')).toEqual([]);
    console.log(
      `${cases.length} SSRF strings as they are, trimmed and cut: ${plain.length} reach an internal address plainly, 0 through the sandbox`,
    );
  });

  itWithWorld(
    'names are judged by every address they have, at the moment they are connected',
    async () => {
      const [rebinding, mixed, mixed6, mapped, private_, metadata, nothing] = await inWorld([
        { url: 'http://rebinding.test/', times: 2 },
        { url: 'http://mixed.test/' },
        { url: 'http://mixed6.test/' },
        { url: 'http://mapped.test/' },
        { url: 'http://private.test/' },
        { url: 'http://metadata.test/' },
        { url: 'http://nothing.test/' },
      ]);
      // Who looks first and connects afterwards is led to this machine.
      expect(rebinding).toMatchObject({ plain: ['127.0.0.1'], guarded: ['93.184.216.34'] });
      expect(rebinding?.answer).toBe('sandbox_refused');
      for (const one of [mixed, mixed6, mapped, private_, metadata]) {
        expect(one).toMatchObject({ guarded: [], answer: 'sandbox_refused' });
      }
      expect(nothing?.answer).toContain('nothing.test has no address');
    },
  );

  itWithWorld('redirects are followed only to where one may go', async () => {
    const from = (to: string): string => `http://public.test/?to=${encodeURIComponent(to)}`;
    const bad = [
      'http://127.0.0.1/',
      'http://[::1]/',
      'http://169.254.169.254/latest/meta-data/',
      'http://private.test/',
      'http://mixed.test/',
      '//2130706433/',
      from('http://127.0.0.1/'),
      'http://public.test:8080/',
    ].map((to) => ({ url: from(to) }));
    const outcomes = await inWorld([
      ...bad,
      { url: from('http://other.public.test/'), options: { domains: ['public.test'] } },
      { url: from('http://both.test/') },
      { url: from('file:///etc/passwd') },
    ]);
    const fine = outcomes.at(-2);
    for (const { guarded, answer } of outcomes.slice(0, -2)) {
      expect(answer).toBe('sandbox_refused');
      expect(new Set(guarded)).toEqual(new Set(['93.184.216.34']));
    }
    expect(fine?.answer).toBe('200 GET answered');
    expect(outcomes.at(-1)?.answer).toMatch(/^failed/);
    expect(internalOf(outcomes, 'plain').length).toBeGreaterThan(5);
  });

  itWithWorld('what is public and allowed is reached, by fetch and by dispatcher', async () => {
    const domains = ['public.test', '*.public6.test', 'both.test:8080'];
    const outcomes = await inWorld([
      { url: 'http://public.test/x', options: { domains } },
      { url: 'http://public6.test/', options: { domains: ['public6.test'] } },
      { url: 'http://both.test:8080/', options: { domains } },
      { url: 'http://PUBLIC.test./', options: { domains } },
      { url: 'http://public.test/', byRequest: true },
      { url: 'http://93.184.216.34/' },
      { url: 'http://[2606:2800:220:1::1]/' },
    ]);
    expect(outcomes.map(({ url, answer }) => [url, answer])).toEqual(
      outcomes.map(({ url }) => [url, '200 GET answered']),
    );
  });

  itWithWorld(
    'hosts that are not allowed, and private ones that nobody named, are refused',
    async () => {
      const domains = ['public.test'];
      const refused = await inWorld([
        { url: 'http://both.test/', options: { domains } },
        { url: 'http://sub.public.test/', options: { domains } },
        { url: 'http://public.test:8080/', options: { domains } },
        { url: 'http://public.test/', options: { domains: [] } },
        { url: 'http://public.test:8080/' },
        { url: 'http://127.0.0.1/', byRequest: true },
        { url: 'http://private.test/', byRequest: true },
        { url: 'http://private.test/', options: { domains: ['private.test'] } },
        { url: 'http://metadata.test/', options: { privateHosts: ['metadata.test'] } },
        { url: 'http://private.test:8080/', options: { privateHosts: ['private.test'] } },
      ]);
      for (const { url, guarded, answer } of refused) {
        expect([url, guarded, answer]).toEqual([url, [], 'sandbox_refused']);
      }
      const reached = await inWorld([
        { url: 'http://private.test/', options: { privateHosts: ['private.test'] } },
        { url: 'http://localhost:8080/', options: { privateHosts: ['localhost:8080'], domains } },
        { url: 'http://10.0.0.5/', options: { privateHosts: ['10.0.0.5'] } },
        { url: 'http://[::1]:8000/', options: { privateHosts: ['[::1]:8000'] } },
      ]);
      for (const { url, answer } of reached)
        expect([url, answer]).toEqual([url, '200 GET answered']);
    },
  );
});
