export { terminalApprover } from './terminal-approver.ts';

export type { TerminalInput, TerminalOutput } from './terminal.ts';
export type { TerminalApproverOptions } from './terminal-approver.ts';
