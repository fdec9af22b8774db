import { networkInterfaces } from 'node:os';

import ipaddr from 'ipaddr.js';

/** Where clouds answer who they are, and what the machine may do. */
const METADATA = [
  '169.254.0.0/16',
  '100.100.100.200/32',
  '168.63.129.16/32',
  '192.0.0.192/32',
  'fe80::/10',
  'fd00:ec2::/32',
  'fd20:ce::254/128',
].map((range) => ipaddr.parseCIDR(range));

/** Within 2000::/3, what leads elsewhere or nowhere: IETF protocols (Teredo too), 6to4, documentation. */
const NOT_GLOBAL = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'].map((range) =>
  ipaddr.parseCIDR(range),
);
const GLOBAL = ipaddr.parseCIDR('2000::/3');

/** Whether an address belongs to somebody on the internet, and not to this machine or its network. */
export function isPublicAddress(address: string): boolean {
  const ip = addressOf(address);
  if (ip === undefined || isAmong(ip, METADATA)) return false;
  const global =
    ip.kind() === 'ipv4'
      ? ip.range() === 'unicast'
      : isAmong(ip, [GLOBAL]) && !isAmong(ip, NOT_GLOBAL);
  return global && !isOwn(ip);
}

/** Whether an address may be reached at all, where a private one was named. */
export function isMetadataAddress(address: string): boolean {
  const ip = addressOf(address);
  return ip === undefined || isAmong(ip, METADATA);
}

type Ip = ReturnType<typeof ipaddr.parse>;
type Range = ReturnType<typeof ipaddr.parseCIDR>;

/** An IPv4 address in IPv6 is judged as what it is. */
function addressOf(text: string): Ip | undefined {
  return ipaddr.isValid(text) ? ipaddr.process(text) : undefined;
}

function isAmong(ip: Ip, ranges: readonly Range[]): boolean {
  return ranges.some((range) => range[0].kind() === ip.kind() && ip.match(range));
}

/** A machine reaches itself by its public addresses too. */
function isOwn(ip: Ip): boolean {
  const text = ip.toNormalizedString();
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => addressOf(address)?.toNormalizedString() === text),
  );
}
