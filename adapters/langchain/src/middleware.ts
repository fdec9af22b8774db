export { guardDeepAgent } from './guard-deep-agent.ts';
export { guardAround, guardMiddleware } from './guard-middleware.ts';

export type { DeepAgentParams, GuardDeepAgentOptions } from './guard-deep-agent.ts';
export type { GuardMiddleware, GuardMiddlewareOptions } from './guard-middleware.ts';
export type { MiddlewareReport } from './middleware-report.ts';
