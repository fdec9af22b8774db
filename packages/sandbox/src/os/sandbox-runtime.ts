import { asNobody } from '../child/wrap-command.ts';
import type { OsDriver } from './os-driver.ts';
import type { OsProfile } from './profile.ts';
import { shellLine } from './shell-line.ts';
import { systemPaths } from './system-paths.ts';

/** What of the `SandboxManager` of `@anthropic-ai/sandbox-runtime` is used. */
export interface SandboxRuntimeManager {
  isSandboxingEnabled(): boolean;
  checkDependencies(): { readonly errors: string[]; readonly warnings: string[] };
  initialize(config: SandboxRuntimeRules): Promise<void>;
  wrapWithSandbox(
    command: string,
    shell: string,
    config: Pick<SandboxRuntimeRules, 'filesystem'>,
  ): Promise<string>;
}

/** What it is told: all that is not named is denied. */
export interface SandboxRuntimeRules {
  network: { allowedDomains: string[]; deniedDomains: string[]; strictAllowlist: boolean };
  filesystem: {
    denyRead: string[];
    allowRead: string[];
    allowWrite: string[];
    denyWrite: string[];
  };
}

const INSTALL = 'install what sandbox-runtime needs (apt-get install bubblewrap socat ripgrep)';
const NOT_OURS =
  'its SandboxManager was initialized before, with rules that the driver does not know; make one driver for all sandboxes, and have it initialize the manager';

/**
 * Has `osSandbox` start its processes through `@anthropic-ai/sandbox-runtime`. There is one manager
 * per process, and its network is closed by the driver: the one driver serves all sandboxes.
 *
 * @example
 * const driver = sandboxRuntime(SandboxManager);
 * const sandbox = osSandbox({ tools, driver });
 */
export function sandboxRuntime(manager: SandboxRuntimeManager): OsDriver {
  let started: Promise<void> | undefined;

  async function start(): Promise<void> {
    try {
      await manager.initialize(rules({ read: [], write: [] }));
    } catch (error) {
      started = undefined;
      throw error;
    }
  }

  return {
    unavailable() {
      if (started !== undefined) return undefined;
      // What it only warns of, such as that unix sockets stay in reach, is less than is guaranteed.
      const { errors, warnings } = manager.checkDependencies();
      const missing = [...errors, ...warnings];
      if (missing.length > 0) return `${missing.join('; ')}; ${INSTALL}`;
      return manager.isSandboxingEnabled() ? NOT_OURS : undefined;
    },
    async wrap(command, profile, variables) {
      await (started ??= start());
      const { filesystem } = rules(profile);
      const line = await manager.wrapWithSandbox(shellLine(command, variables), 'bash', {
        filesystem,
      });
      return asNobody(['/bin/bash', '--norc', '-c', line]);
    },
  };
}

function rules({ read, write }: Pick<OsProfile, 'read' | 'write'>): SandboxRuntimeRules {
  return {
    network: { allowedDomains: [], deniedDomains: [], strictAllowlist: true },
    filesystem: {
      // It leaves `/sys` out of what lies under `/`.
      denyRead: ['/', '/sys'],
      allowRead: [...systemPaths(), ...read, ...write],
      allowWrite: [...write],
      denyWrite: [],
    },
  };
}
