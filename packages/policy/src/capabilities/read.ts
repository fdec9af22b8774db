import type { Capability } from '@guardstile/core';

import type { Check } from '../conditions/check.ts';
import { readDomain } from '../conditions/domain.ts';
import { readPath } from '../conditions/path.ts';
import { type Place, readFields, readList, readOneOf } from '../issues.ts';
import type { CapabilityGrant } from './check.ts';
import type { CapabilityPreset } from './document.ts';

const ALL: readonly Capability[] = [
  'readFile',
  'writeFile',
  'executeCode',
  'network',
  'databaseRead',
  'databaseWrite',
  'sendEmail',
];

const PRESETS: Readonly<Record<CapabilityPreset, readonly Capability[]>> = {
  'read-only': ['readFile', 'databaseRead'],
  standard: ['readFile', 'databaseRead', 'writeFile', 'network'],
  full: ALL,
};

const DEFAULT_MAX_FILE_SIZE = 10 * 1024 * 1024;
const NOTHING: Check = { wants: 'nothing', means: null, test: () => false };

export function readCapabilities(value: unknown, place: Place): CapabilityGrant | undefined {
  const own = readFields(
    value,
    ['grant', 'paths', 'domains', 'maxFileSize'],
    place,
    'capabilities',
  );
  if (own === undefined) return undefined;
  const granted = readGrant(own.grant, place.at('grant'));
  const paths = readWithin(own.paths, place.at('paths'), readPath);
  const domains = readWithin(own.domains, place.at('domains'), readDomain);
  const maxFileSize = own.maxFileSize ?? DEFAULT_MAX_FILE_SIZE;
  if (typeof maxFileSize !== 'number' || !Number.isSafeInteger(maxFileSize) || maxFileSize < 0) {
    return place.at('maxFileSize').wrong('it has to be a whole number of bytes');
  }
  return granted && { granted: new Set(granted), paths, domains, maxFileSize };
}

function readGrant(value: unknown, place: Place): readonly Capability[] | undefined {
  if (!Array.isArray(value)) {
    const presets = Object.keys(PRESETS) as CapabilityPreset[]; // its keys are just these
    const preset = readOneOf(value, presets, place, 'grant');
    return preset && PRESETS[preset];
  }
  return readList(value, place, (one, at) => readOneOf(one, ALL, at, 'a capability'));
}

/** `undefined` restricts nothing, `[]` permits nothing. */
function readWithin(
  value: unknown,
  place: Place,
  read: (value: unknown, place: Place) => Check | undefined,
): Check | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) return place.wrong('it has to be a list');
  return value.length === 0 ? NOTHING : (read(value, place) ?? NOTHING);
}

export function meaningOfGrant(grant: CapabilityGrant | undefined): unknown {
  if (grant === undefined) return null;
  const { granted, paths, domains, maxFileSize } = grant;
  return {
    granted: [...granted].sort(),
    paths: paths === undefined ? 'any' : paths.means,
    domains: domains === undefined ? 'any' : domains.means,
    maxFileSize,
  };
}
