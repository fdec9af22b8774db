export { bytesOf } from './bytes-of.ts';
export { keptClock, markOf } from './kept-clock.ts';
export { openStoreFile } from './open-store-file.ts';
export { storeRefusal } from './store-kind.ts';

export type { ClockPlace, KeptClock } from './kept-clock.ts';
export type { StoreFile } from './store-file.ts';
export type { StoreKind } from './store-kind.ts';
