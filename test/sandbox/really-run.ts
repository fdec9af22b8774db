import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether bash can be run where a string does no harm. */
export const canReallyRun: boolean = spawnSync('bwrap', [...jail('/tmp'), 'true']).status === 0;

/**
 * Runs every line in a bash of its own, in a jail that holds the system's programs, an empty
 * directory, and a program `evil`. Gives the indices of those in which `evil` was started.
 */
export function reallyRun(lines: readonly string[]): ReadonlySet<number> {
  const directory = mkdtempSync(join(tmpdir(), 'guardstile-bash-'));
  try {
    writeFileSync(join(directory, 'lines'), lines.map((line) => `${line}\0`).join(''));
    writeFileSync(join(directory, 'evil'), '#!/bin/bash\n: >/tmp/ran\n', { mode: 0o755 });
    writeFileSync(join(directory, 'driver'), DRIVER, { mode: 0o755 });
    const { stdout, stderr, status } = spawnSync('bwrap', [...jail(directory), '/jail/driver'], {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      timeout: 10 * 60_000,
    });
    if (status !== 0 || !stdout.endsWith('done\n')) throw new Error(`the jail failed: ${stderr}`);
    return new Set(stdout.split('\n').slice(0, -2).map(Number));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const DRIVER = `#!/bin/bash
export PATH=/jail:/usr/bin:/bin
i=0
while IFS= read -r -d '' line; do
  rm -rf /tmp/work /tmp/ran
  mkdir /tmp/work
  cd /tmp/work || exit 1
  echo text > file
  timeout --signal=KILL 2 bash -c "$line" </dev/null >/dev/null 2>&1
  [ -e /tmp/ran ] && echo "$i"
  i=$((i + 1))
done 3</dev/null < /jail/lines 2>/dev/null
echo done
`;

function jail(directory: string): string[] {
  return [
    ...['--unshare-all', '--die-with-parent', '--new-session', '--clearenv'],
    ...[
      '--ro-bind',
      '/usr',
      '/usr',
      '--symlink',
      'usr/bin',
      '/bin',
      '--symlink',
      'usr/lib',
      '/lib',
    ],
    ...['--symlink', 'usr/lib64', '/lib64', '--proc', '/proc', '--dev', '/dev'],
    ...['--size', '16777216', '--tmpfs', '/tmp', '--ro-bind', directory, '/jail', '--chdir', '/'],
  ];
}
