export { sqliteLimits } from './sqlite-limits.ts';
export { sqliteStopSwitch } from './sqlite-stop-switch.ts';

export type { SqliteLimits, SqliteLimitsOptions } from './sqlite-limits.ts';
export type { SqliteStopSwitch } from './sqlite-stop-switch.ts';
