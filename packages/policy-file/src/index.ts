export { checkPolicyFile } from './check-policy-file.ts';
export { loadPolicy } from './load-policy.ts';
export { policyFile } from './policy-file.ts';
export { policySchema } from './policy-schema.ts';
export { createPolicyKeys, signPolicy } from './policy-signature.ts';
export { contextOf } from './run-tests.ts';
export { testPolicy } from './test-policy.ts';

export type { CheckOptions, PolicyFileReport } from './check-policy-file.ts';
export type { PolicyFileIssue } from './file-issue.ts';
export type { FilePolicy, LoadOptions } from './load-policy.ts';
export type { PolicyFileDocument, PolicyTest } from './policy-file-document.ts';
export type { PolicyDifference } from './policy-diff.ts';
export type { PolicyFile, PolicyFileOptions, Reload } from './policy-file.ts';
export type { PolicyKeys } from './policy-signature.ts';
export type { PolicySource } from './policy-source.ts';
export type { PolicyTestResult } from './run-tests.ts';
export type { GivenSet } from './values.ts';
