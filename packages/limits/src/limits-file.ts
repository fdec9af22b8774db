import { openStoreFile, type StoreFile, type StoreKind } from '@guardstile/sqlite';

import { SCHEMA, SCHEMA_VERSION } from './schema.ts';

const KIND: StoreKind = {
  name: 'the limits file',
  writer: '@guardstile/limits',
  code: 'limits_error',
  damaged: 'move it away, and start a new one once what it counted is over',
  applicationId: 0x47536c69, // "GSli"
  schema: SCHEMA,
  version: SCHEMA_VERSION,
};

/**
 * Opens or creates the file that limits, histories and stop switches share.
 *
 * @throws {GuardError} `limits_error` when it cannot be used.
 */
export function openLimitsFile(path: string): StoreFile {
  return openStoreFile(KIND, path);
}
