export { loopHooks } from './loop-hooks.ts';
export { orderHooks } from './order-hooks.ts';
export { memoryHistory } from './session-history.ts';
export { sqliteHistory } from './sqlite-history.ts';
export { sqliteLimits } from './sqlite-limits.ts';
export { sqliteStopSwitch } from './sqlite-stop-switch.ts';

export type { LoopOptions } from './loop-hooks.ts';
export type { OrderRule } from './order-hooks.ts';
export type { SessionHistory } from './session-history.ts';
export type { SqliteHistory } from './sqlite-history.ts';
export type { SqliteLimits, SqliteLimitsOptions } from './sqlite-limits.ts';
export type { SqliteStopSwitch, Stop } from './sqlite-stop-switch.ts';
