export { terminalApprover } from '@guardstile/approvals';
