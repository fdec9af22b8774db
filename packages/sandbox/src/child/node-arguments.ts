import { fileURLToPath } from 'node:url';

/** The program that a child runs, and what it imports. */
const RUNNER: string = fileURLToPath(new URL('./runner.mjs', import.meta.url));
export const RUNNER_FILES: readonly string[] = [
  RUNNER,
  fileURLToPath(new URL('./plain-json.mjs', import.meta.url)),
  fileURLToPath(new URL('./brokered-fetch.mjs', import.meta.url)),
];

/** What Node itself takes before a tool has done anything, in megabytes: on top of the limit. */
export const NODE_MB = 96;

/** What else Node's own permission model lets through. Hygiene and no boundary. */
export interface NodePermissions {
  readonly read: readonly string[];
  readonly write: readonly string[];
}

/** The arguments of Node for a child with one module. */
export function nodeArguments(
  url: string,
  memoryMb: number,
  permissions: NodePermissions | undefined,
): readonly string[] {
  return [
    `--max-old-space-size=${Math.max(16, Math.ceil(memoryMb))}`,
    '--disable-warning=ExperimentalWarning',
    '--disable-warning=SecurityWarning',
    ...(permissions === undefined ? [] : permissionArguments(permissions)),
    RUNNER,
    url,
  ];
}

/** Node has had it since 22.5. */
const NO_SQLITE = '--no-experimental-sqlite';

function permissionArguments({ read, write }: NodePermissions): readonly string[] {
  return [
    process.allowedNodeEnvironmentFlags.has('--permission')
      ? '--permission'
      : '--experimental-permission',
    // It opens files without asking for permission.
    ...[NO_SQLITE].filter((flag) => process.allowedNodeEnvironmentFlags.has(flag)),
    ...[...RUNNER_FILES, ...read, ...write].flatMap((path) => grant('--allow-fs-read', path)),
    ...write.flatMap((path) => grant('--allow-fs-write', path)),
  ];
}

/** A path, and if it is a directory everything below. */
function grant(flag: string, path: string): readonly string[] {
  return [`${flag}=${path}`, `${flag}=${path.replace(/\/$/, '')}/*`];
}
