import { readFileSync } from 'node:fs';
import { hasResourceLimits } from '../child/wrap-command.ts';
import { bwrapPath } from './bwrap-path.ts';

/** Why this machine has no OS isolation for us, as far as that can be seen without trying. */
export function unavailable(bwrap: string | undefined): string | undefined {
  const { platform, arch } = process;
  if (platform === 'darwin') return undefined;
  if (platform !== 'linux') {
    return `${platform} has no OS isolation that this package can use; run the application on Linux (WSL 2, a container or a virtual machine) or macOS`;
  }
  if (arch !== 'x64' && arch !== 'arm64') {
    return `there is no seccomp filter for processors of type ${arch}; run on x64 or arm64`;
  }
  if (bwrapPath(bwrap) === undefined) {
    const where = bwrap === undefined ? '' : ` as ${bwrap}`;
    return `bubblewrap is not installed${where}; install it (apt-get install bubblewrap, dnf install bubblewrap, apk add bubblewrap)`;
  }
  if (!hasResourceLimits()) return 'prlimit is not installed; install util-linux';
  return undefined;
}

/** What the kernel says of user namespaces, and how each hindrance is removed. */
const HINDRANCES: ReadonlyArray<readonly [file: string, value: string, remedy: string]> = [
  [
    '/proc/sys/kernel/unprivileged_userns_clone',
    '0',
    'the kernel forbids them to users (sysctl kernel.unprivileged_userns_clone=1 permits them)',
  ],
  [
    '/proc/sys/user/max_user_namespaces',
    '0',
    'the kernel permits none (sysctl user.max_user_namespaces=15000 permits them)',
  ],
  [
    '/proc/sys/kernel/apparmor_restrict_unprivileged_userns',
    '1',
    'AppArmor forbids them to programs without a profile (add a profile for bwrap with "userns,", or sysctl kernel.apparmor_restrict_unprivileged_userns=0)',
  ],
];

/** What kept bubblewrap from starting, as it said itself. */
export function whyNotStarted(words: string): string {
  if (!/namespace|uid map|Operation not permitted|Permission denied/i.test(words)) return words;
  const known = HINDRANCES.filter(([file, value]) => read(file) === value).map(
    ([, , remedy]) => remedy,
  );
  const why =
    known.length > 0
      ? known.join('; ')
      : 'a container usually forbids them: start it with --security-opt seccomp=unconfined --security-opt apparmor=unconfined and a /proc that is not masked (--security-opt systempaths=unconfined)';
  return `${words}; bubblewrap needs user namespaces, and ${why}`;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}
