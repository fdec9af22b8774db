import { randomUUID } from 'node:crypto';

/** An id that no other log has: the origin of its checkpoints. */
export function logId(): string {
  return `log_${randomUUID().replaceAll('-', '')}`;
}
