export { createSessionFlow } from './session-flow.ts';
