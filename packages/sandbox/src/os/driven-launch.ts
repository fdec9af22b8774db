import type { Launch } from '../child/launch.ts';
import type { Command } from '../child/wrap-command.ts';
import type { OsDriver } from './os-driver.ts';
import type { OsProfile } from './profile.ts';

/** How processes are started by a driver, which needs time for it: once per module. */
export interface DrivenLaunches {
  /** Why none can be started for a module. */
  prepare(url: string): Promise<string | undefined>;
  /** What has been prepared. */
  launch(url: string, env: Launch['env']): Launch;
}

export interface DrivenCommand {
  readonly command: Command;
  readonly profile: OsProfile;
  /** Names of those that it sees. */
  readonly variables: readonly string[];
}

export function drivenLaunches(
  driver: OsDriver,
  commandFor: (url: string) => DrivenCommand,
): DrivenLaunches {
  const launches = new Map<string, Omit<Launch, 'env'>>();

  return {
    async prepare(url) {
      if (launches.has(url)) return undefined;
      const { command, profile, variables } = commandFor(url);
      try {
        const [program, ...args] = await driver.wrap(command, profile, variables);
        launches.set(url, { command: program, args, cwd: '/', feeds: [] });
        return undefined;
      } catch (error) {
        return `its driver failed: ${error instanceof Error ? error.message : String(error)}`;
      }
    },
    launch(url, env) {
      const launch = launches.get(url);
      if (launch === undefined) throw new Error(`no launch was prepared for ${url}`);
      return { ...launch, env };
    },
  };
}
