// Plain CommonJS, as an application without TypeScript writes it.
const { allowAll, createGuard } = require('@guardstile/core');
const { terminalApprover } = require('@guardstile/approvals');
const { guardOf, withGuard } = require('@guardstile/ai-sdk');

for (const value of [allowAll, createGuard, terminalApprover, guardOf, withGuard]) {
  if (typeof value !== 'function') throw new Error('require() gave something that is no function');
}
console.log('cjs ok');
