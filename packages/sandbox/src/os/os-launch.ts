import type { Launch } from '../child/launch.ts';
import { type Command, type ResourceLimits, withResourceLimits } from '../child/wrap-command.ts';
import { bwrapArguments } from './bwrap-arguments.ts';
import { bwrapPath } from './bwrap-path.ts';
import type { OsProfile } from './profile.ts';
import { seatbeltProfile } from './seatbelt-profile.ts';
import { seccompFilter } from './seccomp.ts';

/** How a command is started under the isolation of this operating system. */
export function osLaunch(
  command: Command,
  profile: OsProfile,
  limits: ResourceLimits,
  env: Readonly<Record<string, string>>,
  bwrap: string | undefined,
): Launch {
  return process.platform === 'darwin'
    ? {
        command: '/usr/bin/sandbox-exec',
        args: ['-p', seatbeltProfile(profile), ...command],
        env,
        cwd: '/',
        feeds: [],
      }
    : {
        command: bwrapPath(bwrap) ?? 'bwrap',
        args: [...bwrapArguments(profile), ...withResourceLimits(command, limits)],
        env,
        cwd: '/',
        feeds: [seccompFilter(process.arch === 'arm64' ? 'arm64' : 'x64')],
      };
}
