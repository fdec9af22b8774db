import { readFileSync } from 'node:fs';

/** What a process and all its descendants use. */
export interface TreeUse {
  readonly rssBytes: number;
  readonly processes: number;
}

const PAGE = 4096;

/**
 * Reads it from `/proc`; elsewhere nothing is known. Descendants stay descendants after `setsid`. It
 * looks at no more than one process above `most`: some multiply faster than they can be counted.
 */
export function treeUse(pid: number, most: number): TreeUse | undefined {
  let rssBytes = 0;
  let processes = 0;
  const open = [pid];
  for (let next = open.pop(); next !== undefined && processes <= most; next = open.pop()) {
    const pages = read(`/proc/${next}/statm`)?.split(' ')[1];
    if (pages === undefined) continue;
    rssBytes += Number(pages) * PAGE;
    processes += 1;
    const children = read(`/proc/${next}/task/${next}/children`) ?? '';
    for (const child of children.split(' ')) if (child !== '') open.push(Number(child));
  }
  return processes === 0 ? undefined : { rssBytes, processes };
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
