import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { workspaceRoot } from './workspace-root.ts';

/** The parts of a `package.json` that the tests look at. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

export interface Package {
  readonly manifest: Manifest;
  /** Absolute path of the package's folder. */
  readonly directory: string;
}

/** Reads the `package.json` of a folder. */
export function readManifest(directory: string): Manifest {
  const text = readFileSync(join(directory, 'package.json'), 'utf8');
  return JSON.parse(text) as Manifest; // written by us, checked by npm
}

/** Every workspace that is published, dependencies first (`packages` before `adapters`, by name). */
export function publishablePackages(): readonly Package[] {
  return ['packages/*/package.json', 'adapters/*/package.json']
    .flatMap((pattern) => globSync(pattern, { cwd: workspaceRoot }).toSorted())
    .map((file) => dirname(join(workspaceRoot, file)))
    .map((directory) => ({ directory, manifest: readManifest(directory) }))
    .filter(({ manifest }) => manifest.private !== true);
}
