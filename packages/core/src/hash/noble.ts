import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

import type { Hash } from './hash.ts';

export const hash: Hash = {
  sha256: (text) => bytesToHex(sha256(utf8ToBytes(text))),
  hmac: (key) => {
    const secret = key.slice();
    return (text) => bytesToHex(hmac(sha256, secret, utf8ToBytes(text)));
  },
};
