import type { Socket } from 'node:net';

/** What came through a channel. */
export type ChannelEvent =
  | { readonly type: 'message'; readonly value: unknown }
  | { readonly type: 'garbage' }
  | { readonly type: 'deep' }
  | { readonly type: 'flood' };

const NEWLINE = 0x0a;

/** Reads lines of JSON, and never keeps more than `maxBytes` of them in memory. */
export function readLines(
  socket: Socket,
  maxBytes: number,
  tell: (event: ChannelEvent) => void,
): void {
  let parts: Buffer[] = [];
  let length = 0;
  socket.on('data', (data: Buffer) => {
    let rest = data;
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      length += end;
      if (length > maxBytes) break;
      tell(parsed(Buffer.concat([...parts, rest.subarray(0, end)])));
      parts = [];
      length = 0;
      rest = rest.subarray(end + 1);
    }
    length += rest.length;
    parts.push(rest);
    if (length <= maxBytes) return;
    parts = [];
    socket.destroy();
    tell({ type: 'flood' });
  });
}

/** Whoever walks what is nested deeper may overflow its stack. */
const DEEPEST = 1000;

function parsed(line: Buffer): ChannelEvent {
  try {
    const text = line.toString();
    if (depthOf(text) > DEEPEST) return { type: 'deep' };
    return { type: 'message', value: JSON.parse(text) as unknown };
  } catch {
    return { type: 'garbage' };
  }
}

/**
 * How deep JSON is nested: brackets in texts are none. Looks at every character once, since whoever
 * wrote it may want this process to be busy.
 */
function depthOf(json: string): number {
  let deepest = 0;
  let depth = 0;
  let inText = false;
  for (let i = 0; i < json.length; i += 1) {
    const mark = json[i];
    if (mark === '"') inText = !inText;
    else if (inText) i += mark === '\\' ? 1 : 0;
    else if (mark === '[' || mark === '{') deepest = Math.max(deepest, (depth += 1));
    else if (mark === ']' || mark === '}') depth -= 1;
  }
  return deepest;
}
