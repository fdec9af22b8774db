import { readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import {
  byVariant,
  type Data,
  dataDirectory,
  type DataSet,
  missingData,
  readData,
  suitesIn,
  tracesIn,
} from '../data.ts';

/**
 * The data set, or any other folder with suites (`*.json`) and runs (`*.jsonl`, `*.jsonl.gz`), each
 * file of runs a set by its name, and each way in which an attack was worded a set of its own.
 *
 * @throws {Error} that says what is missing, or which line is not as it has to be.
 */
export function readFolder(directory: string): Data {
  if (resolve(directory) === resolve(dataDirectory) && missingData() === undefined) {
    return readData();
  }
  const files = namesIn(directory);
  const suites = files
    .filter((file) => file.endsWith('.json'))
    .flatMap((file) => suitesIn(join(directory, file)).suites);
  const runs = files.filter((file) => /\.jsonl(?:\.gz)?$/.test(file));
  if (suites.length === 0) throw new Error(`${directory} has no suites: no file *.json`);
  if (runs.length === 0) throw new Error(`${directory} has no runs: no file *.jsonl or *.jsonl.gz`);
  const sets = runs.flatMap((file) => setsIn(join(directory, file)));
  checkRuns(suites, sets);
  return { suites, sets };
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).sort();
  } catch (cause) {
    throw new Error(`${directory} cannot be read`, { cause });
  }
}

function setsIn(path: string): readonly DataSet[] {
  const traces = tracesIn(path);
  const name = basename(path).replace(/\.jsonl(?:\.gz)?$/, '');
  const one = new Set(traces.map(({ attack }) => attack)).size <= 1;
  return one ? [{ name, traces }] : byVariant(name, traces);
}

function checkRuns(suites: Data['suites'], sets: readonly DataSet[]): void {
  const known = new Map(suites.map((suite) => [suite.suite, suite]));
  for (const { name, traces } of sets) {
    for (const [n, { suite, injection }] of traces.entries()) {
      const own = known.get(suite);
      const where = `${name}, run ${n + 1}`;
      if (own === undefined) throw new Error(`${where}: there is no suite ${suite}`);
      if (injection === undefined || injection === null) continue;
      if (!own.injectionTasks.some(({ id }) => id === injection)) {
        throw new Error(`${where}: the suite ${suite} has no injection task ${injection}`);
      }
    }
  }
}
