import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import type { OsProfile } from './profile.ts';
import { BESIDE_USR, OF_ETC } from './system-paths.ts';

/** The descriptor from which bubblewrap reads its seccomp filter. */
const SECCOMP_FD = '4';

/** Arguments of bubblewrap up to the command. Its environment is that of the command, too. */
export function bwrapArguments({ read, write, tmpMb }: OsProfile): readonly string[] {
  const size = String(Math.ceil(tmpMb * 1_048_576));
  return [
    ['--unshare-all'],
    ['--unshare-user'],
    ['--uid', '65534'],
    ['--gid', '65534'],
    ['--hostname', 'sandbox'],
    ['--die-with-parent'],
    ['--new-session'],
    ['--cap-drop', 'ALL'],
    ['--seccomp', SECCOMP_FD],
    bound('--ro-bind', '/usr'),
    ...BESIDE_USR.map(linked),
    ...OF_ETC.map((path) => bound('--ro-bind-try', path)),
    ['--proc', '/proc'],
    ['--dev', '/dev'],
    ['--size', size, '--tmpfs', '/dev/shm'],
    ['--remount-ro', '/dev'],
    ['--size', size, '--tmpfs', '/tmp'],
    // What lies above goes first, so that it does not cover what lies below.
    ...[
      ...read.map((path) => ({ path, how: '--ro-bind' })),
      ...write.map((path) => ({ path, how: '--bind' })),
    ]
      .toSorted((a, b) => a.path.length - b.path.length)
      .map(({ path, how }) => bound(how, path)),
    // To whom the kernel takes for root, its settings in there are those of the whole machine.
    ['--remount-ro', '/proc'],
    ['--remount-ro', '/'],
    ['--chdir', '/tmp'],
    ['--'],
  ].flat();
}

function bound(how: string, path: string): readonly string[] {
  return [how, path, path];
}

function linked(path: string): readonly string[] {
  if (!existsSync(path)) return [];
  return lstatSync(path).isSymbolicLink()
    ? ['--symlink', readlinkSync(path), path]
    : bound('--ro-bind', path);
}
