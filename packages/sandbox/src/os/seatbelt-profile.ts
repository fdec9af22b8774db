import type { OsProfile } from './profile.ts';

/** What programs of macOS need to start at all. */
const SYSTEM = [
  '/usr/lib',
  '/usr/bin',
  '/bin',
  '/System/Library',
  '/Library/Apple',
  '/private/var/db/dyld',
  '/private/var/db/timezone',
  '/dev/null',
  '/dev/urandom',
  '/dev/random',
];

/**
 * A profile of `sandbox-exec` for macOS: nothing but the system's libraries and the given paths, no
 * network, no signals to others. It has no limits of memory and processes; those the parent keeps.
 */
export function seatbeltProfile({ read, write }: Pick<OsProfile, 'read' | 'write'>): string {
  return [
    '(version 1)',
    '(deny default)',
    '(allow process-fork)',
    '(allow process-exec)',
    '(allow signal (target same-sandbox))',
    '(allow sysctl-read)',
    '(allow mach-lookup (global-name "com.apple.system.opendirectoryd.libinfo"))',
    // Programs look at the root and at the directories above what they may read.
    '(allow file-read-metadata)',
    `(allow file-read* (literal "/") ${[...SYSTEM, ...read, ...write].map(subpath).join(' ')})`,
    ...(write.length === 0 ? [] : [`(allow file-write* ${write.map(subpath).join(' ')})`]),
    '(allow file-write-data (literal "/dev/null"))',
    '(deny network*)',
  ].join('\n');
}

function subpath(path: string): string {
  return `(subpath "${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}")`;
}
