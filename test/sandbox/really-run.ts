import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const JAIL =
  '--unshare-all --die-with-parent --new-session --clearenv --chdir / --proc /proc --dev /dev ' +
  '--ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 ' +
  '--size 16777216 --tmpfs /tmp --ro-bind';

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
    writeFileSync(join(directory, 'evil'), EVIL, { mode: 0o755 });
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

/** Each line says by a file of its own that `evil` ran: what it left in the background may be late. */
const EVIL = `#!/bin/bash
: >"\${RAN:-/tmp/lost}"
`;

const DRIVER = `#!/bin/bash
export PATH=/jail:/usr/bin:/bin
run() {
  mkdir "/tmp/work.$1"
  cd "/tmp/work.$1" || exit 1
  echo text > file
  RAN="/tmp/ran.$1" timeout --signal=KILL 2 bash -c "$2" </dev/null >/dev/null 2>&1
  rm -rf "/tmp/work.$1"
}
i=0
while IFS= read -r -d '' line; do
  run "$i" "$line" &
  i=$((i + 1))
  [ $((i % 8)) -eq 0 ] && wait
done < /jail/lines 2>/dev/null
wait
cd /tmp
for ran in ran.*; do echo "\${ran#ran.}"; done
echo done
`;

function jail(directory: string): string[] {
  return [...JAIL.split(' '), directory, '/jail'];
}
