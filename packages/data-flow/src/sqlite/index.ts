export { sqliteFlowStore, type SqliteFlowStore } from './sqlite-flow-store.ts';
export { sqliteLabels, type SqliteLabels } from './sqlite-labels.ts';
