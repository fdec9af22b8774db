import { openSync, readdirSync, readFileSync } from 'node:fs';
import { devNull } from 'node:os';

type Stdio = ReadonlyArray<'ignore' | 'pipe'>;

const CLOSED_ON_EXEC = 0o2000000;
let empty: number | undefined;

/**
 * The descriptors of a child, with an empty file in the place of every other one that it would
 * inherit. What this process opens itself is closed when another program starts, but not all that it
 * was itself started with. Known on Linux only.
 */
export function withoutInherited(own: Stdio): Array<'ignore' | 'pipe' | number> {
  const stdio: Array<'ignore' | 'pipe' | number> = [...own];
  for (const descriptor of inherited()) {
    if (descriptor < own.length) continue;
    while (stdio.length < descriptor) stdio.push('ignore');
    stdio[descriptor] = empty ??= openSync(devNull, 'r');
  }
  return stdio;
}

function inherited(): readonly number[] {
  return namesIn('/proc/self/fdinfo').map(Number).filter(isInherited);
}

function isInherited(descriptor: number): boolean {
  try {
    const info = readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8');
    const [, flags = '0'] = /^flags:\s*([0-7]+)$/m.exec(info) ?? [];
    return (Number.parseInt(flags, 8) & CLOSED_ON_EXEC) === 0;
  } catch {
    // It was closed since, as the one is that read the directory.
    return false;
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
