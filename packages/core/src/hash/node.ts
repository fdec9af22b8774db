import type { Hash } from './hash.ts';

interface NodeCrypto {
  hash(algorithm: 'sha256', data: string | Uint8Array, encoding: 'hex'): string;
}

interface NodeBuffer extends Uint8Array {
  write(text: string, offset: number, encoding?: 'hex'): number;
  subarray(start: number, end: number): NodeBuffer;
}

declare const process: {
  getBuiltinModule(id: 'node:crypto'): NodeCrypto;
  getBuiltinModule(id: 'node:buffer'): { readonly Buffer: { alloc(size: number): NodeBuffer } };
};

let loaded: NodeCrypto | undefined;

/** Taken on first use, so that importing core loads nothing. */
function nodeCrypto(): NodeCrypto {
  loaded ??= process.getBuiltinModule('node:crypto');
  return loaded;
}

const BLOCK = 64;

/** RFC 2104 over the one-shot hash, which costs little more than half of an Hmac object. */
function hmac(key: Uint8Array): (text: string) => string {
  const { hash: digest } = nodeCrypto();
  const { Buffer } = process.getBuiltinModule('node:buffer');
  let inner = Buffer.alloc(BLOCK + 4096);
  const outer = Buffer.alloc(BLOCK + 32);
  if (key.length <= BLOCK) inner.set(key);
  else inner.write(digest('sha256', key, 'hex'), 0, 'hex');
  for (let i = 0; i < BLOCK; i += 1) {
    const byte = inner[i] ?? 0;
    outer[i] = byte ^ 0x5c;
    inner[i] = byte ^ 0x36;
  }
  return (text) => {
    const most = BLOCK + text.length * 3;
    if (most > inner.length) {
      const larger = Buffer.alloc(most);
      larger.set(inner.subarray(0, BLOCK));
      inner = larger;
    }
    const end = BLOCK + inner.write(text, BLOCK);
    outer.write(digest('sha256', inner.subarray(0, end), 'hex'), BLOCK, 'hex');
    return digest('sha256', outer, 'hex');
  };
}

export const hash: Hash = {
  sha256: (text) => nodeCrypto().hash('sha256', text, 'hex'),
  hmac,
};
