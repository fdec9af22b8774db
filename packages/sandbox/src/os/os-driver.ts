import type { Command } from '../child/wrap-command.ts';
import type { OsProfile } from './profile.ts';

/** Another way than this package's own to start a process under the isolation of the system. */
export interface OsDriver {
  /** Why it cannot be used here. */
  unavailable(): string | undefined;
  /** The command that runs a command under a profile, with the named variables and no other. */
  wrap(command: Command, profile: OsProfile, variables: readonly string[]): Promise<Command>;
}
