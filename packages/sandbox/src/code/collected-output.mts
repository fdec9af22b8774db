import type { CodeFile, CodeOutput } from './code-result.mts';

/** What code prints and writes, up to a number of bytes in all. */
export interface Collected {
  print(stream: 'stdout' | 'stderr', text: string): void;
  keep(name: string, content: string | Uint8Array): void;
  count(bytes: number): void;
  full(): boolean;
  all(): CodeOutput;
}

export function createOutput(maxBytes: number): Collected {
  const printed = { stdout: '', stderr: '' };
  const files = new Map<string, CodeFile>();
  let left = maxBytes;

  function count(bytes: number): void {
    left -= bytes;
  }

  return {
    print(stream, text) {
      if (left >= 0) printed[stream] += text.slice(0, left);
      count(Buffer.byteLength(text));
    },
    keep(name, content) {
      const bytes = Buffer.from(content);
      count(name.length + bytes.length);
      if (left >= 0) files.set(name, fileOf(name, bytes));
    },
    count,
    full: () => left < 0,
    all: () => ({ ...printed, files: [...files.values()] }),
  };
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function fileOf(name: string, bytes: Buffer): CodeFile {
  try {
    return { name, text: utf8.decode(bytes) };
  } catch {
    return { name, base64: bytes.toString('base64') };
  }
}
