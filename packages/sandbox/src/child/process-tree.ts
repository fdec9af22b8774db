import { readdirSync, readFileSync } from 'node:fs';

/** What a process and all its descendants use. */
export interface TreeUse {
  readonly rssBytes: number;
  readonly processes: number;
}

const PAGE = 4096;
/** Each has children of its own to look for: whoever has more than any tool needs has too many processes. */
const MOST_THREADS = 512;

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
    const threads = threadsOf(next);
    if (threads.length > MOST_THREADS) return { rssBytes, processes: most + 1 };
    for (const thread of threads) open.push(...childrenOf(next, thread));
  }
  return processes === 0 ? undefined : { rssBytes, processes };
}

/** The kernel tells them by the thread that started them. */
function childrenOf(pid: number, thread: string): readonly number[] {
  const children = read(`/proc/${pid}/task/${thread}/children`) ?? '';
  return children.split(' ').flatMap((child) => (child === '' ? [] : [Number(child)]));
}

function threadsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
