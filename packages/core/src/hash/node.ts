import type { Hash } from './hash.ts';

interface NodeCrypto {
  hash(algorithm: 'sha256', data: string, encoding: 'hex'): string;
  createSecretKey(key: Uint8Array): object;
  createHmac(
    algorithm: 'sha256',
    key: object,
  ): { update(text: string): { digest(encoding: 'hex'): string } };
}

declare const process: { getBuiltinModule(id: 'node:crypto'): NodeCrypto };

let loaded: NodeCrypto | undefined;

/** Taken on first use, so that importing core loads nothing. */
function nodeCrypto(): NodeCrypto {
  loaded ??= process.getBuiltinModule('node:crypto');
  return loaded;
}

export const hash: Hash = {
  sha256: (text) => nodeCrypto().hash('sha256', text, 'hex'),
  hmac(key) {
    const { createSecretKey, createHmac } = nodeCrypto();
    // A KeyObject costs a sixth of a raw key per HMAC.
    const secret = createSecretKey(key);
    return (text) => createHmac('sha256', secret).update(text).digest('hex');
  },
};
