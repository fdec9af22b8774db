import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { publishablePackages } from './support/publishable-packages.ts';
import { workspaceRoot } from './support/workspace-root.ts';

/**
 * Every value that users can import. A change here is a change of the public interface: it needs a
 * reason, a changeset and a line in the package's README.
 */
const surface: Readonly<Record<string, readonly string[]>> = {
  '@guardstile/ai-sdk': [
    'GuardError',
    'allowAll',
    'coverageOf',
    'coverageTable',
    'createGuard',
    'definitionPins',
    'describeRequirement',
    'envSecrets',
    'guardMcpClient',
    'guardOf',
    'isGuard',
    'isGuardError',
    'layers',
    'memoryApprovals',
    'memoryAudit',
    'noSandbox',
    'perAgent',
    'perUser',
    'providerToolMiddleware',
    'recordDenials',
    'standardPolicy',
    'staticSecrets',
    'stopSwitch',
    'toolPolicy',
    'unguardedTripwire',
    'verifyChain',
    'verifyEntry',
    'visible',
    'withGuard',
  ],
  '@guardstile/ai-sdk/node': [
    'approvalInbox',
    'approvalSeal',
    'attachChannels',
    'createAuditKeys',
    'createDataFlow',
    'describeApproval',
    'fileAnchor',
    'fileAudit',
    'flowPolicy',
    'loadPolicy',
    'nodeListener',
    'policyFile',
    'slackChannel',
    'slackInteractions',
    'sqliteApprovals',
    'sqliteAudit',
    'sqliteFlowStore',
    'sqliteLabels',
    'sqliteLimits',
    'sqliteStopSwitch',
    'terminalApprover',
    'verifyLog',
    'webhookCallback',
    'webhookChannel',
  ],
  '@guardstile/ai-sdk/sandbox': [
    'childSandbox',
    'codeSandbox',
    'commandSandbox',
    'filesystemSandbox',
    'moduleFunction',
    'networkSandbox',
    'openBeneath',
    'osSandbox',
    'sandboxSession',
    'toolSandbox',
    'validateCode',
    'workspaceSandbox',
  ],
  '@guardstile/ai-sdk/v7': ['guardOptions'],
  '@guardstile/approvals': [
    'approvalInbox',
    'approvalSeal',
    'attachChannels',
    'describeApproval',
    'nodeListener',
    'slackChannel',
    'slackInteractions',
    'sqliteApprovals',
    'terminalApprover',
    'webhookCallback',
    'webhookChannel',
  ],
  '@guardstile/audit': [
    'CSV_HEAD',
    'createAuditKeys',
    'fileAnchor',
    'fileAudit',
    'fileEntries',
    'followLog',
    'httpAnchor',
    'logsIn',
    'mirrored',
    'proveEntries',
    'sqliteAudit',
    'toCsv',
    'toOcsf',
    'verifyInWorkers',
    'verifyLog',
    'verifyLogs',
    'verifyProof',
  ],
  '@guardstile/cli': ['run'],
  '@guardstile/core': [
    'GuardError',
    'allowAll',
    'approvalLifecycle',
    'bindAgain',
    'canonical',
    'checkClaims',
    'combineRequirements',
    'composeSandboxes',
    'createGuard',
    'createRedactor',
    'describeRequirement',
    'digest',
    'draftToKeep',
    'editOf',
    'entryFilter',
    'envSecrets',
    'factsOf',
    'grantable',
    'grantableFields',
    'isGuard',
    'isGuardError',
    'isNamed',
    'isStanding',
    'layers',
    'memoryApprovals',
    'memoryAudit',
    'memoryLabels',
    'memoryLimits',
    'noSandbox',
    'ownOptions',
    'perAgent',
    'perUser',
    'readGrantOffer',
    'sameGuard',
    'schemaDefinition',
    'standardPolicy',
    'staticSecrets',
    'steadyClock',
    'stopSwitch',
    'toolPolicy',
    'unmet',
    'verifyChain',
    'verifyEntry',
    'visible',
  ],
  '@guardstile/data-flow': [
    'classOf',
    'covers',
    'createDataFlow',
    'describeFlowReport',
    'describeProvenance',
    'flowPolicy',
    'flowProblems',
    'flowReport',
    'flowRules',
  ],
  '@guardstile/data-flow/sqlite': ['sqliteFlowStore', 'sqliteLabels'],
  '@guardstile/langchain': [
    'GuardCallbackHandler',
    'GuardError',
    'allowAll',
    'createGuard',
    'describeRequirement',
    'envSecrets',
    'guardOf',
    'guardTool',
    'isGuard',
    'isGuardError',
    'layers',
    'memoryApprovals',
    'memoryAudit',
    'noSandbox',
    'perAgent',
    'perUser',
    'standardPolicy',
    'staticSecrets',
    'stopSwitch',
    'toolPolicy',
    'verifyChain',
    'verifyEntry',
    'visible',
    'withGuard',
  ],
  '@guardstile/langchain/middleware': ['guardAround', 'guardDeepAgent', 'guardMiddleware'],
  '@guardstile/langchain/node': [
    'approvalInbox',
    'approvalSeal',
    'attachChannels',
    'createAuditKeys',
    'createDataFlow',
    'describeApproval',
    'fileAnchor',
    'fileAudit',
    'flowPolicy',
    'loadPolicy',
    'nodeListener',
    'policyFile',
    'slackChannel',
    'slackInteractions',
    'sqliteApprovals',
    'sqliteAudit',
    'sqliteFlowStore',
    'sqliteLabels',
    'sqliteLimits',
    'sqliteStopSwitch',
    'terminalApprover',
    'verifyLog',
    'webhookCallback',
    'webhookChannel',
  ],
  '@guardstile/langchain/sandbox': [
    'childSandbox',
    'codeSandbox',
    'commandSandbox',
    'filesystemSandbox',
    'moduleFunction',
    'networkSandbox',
    'openBeneath',
    'osSandbox',
    'sandboxBackend',
    'toolSandbox',
    'validateCode',
    'workspaceSandbox',
  ],
  '@guardstile/limits': [
    'loopHooks',
    'memoryHistory',
    'orderHooks',
    'sqliteHistory',
    'sqliteLimits',
    'sqliteStopSwitch',
  ],
  '@guardstile/policy': [
    'authzen',
    'capabilities',
    'cedar',
    'checkPolicy',
    'commandMatcher',
    'compilePolicy',
    'decisionPoint',
    'definePolicy',
    'describeExplanation',
    'matchesPattern',
    'opa',
    'policyWarnings',
    'shadow',
    'suggest',
  ],
  '@guardstile/policy-file': [
    'checkPolicyFile',
    'comparePolicies',
    'contextOf',
    'createPolicyKeys',
    'learnPolicy',
    'loadPolicy',
    'policyFile',
    'policyFlow',
    'policySchema',
    'readSeen',
    'seenFlow',
    'signPolicy',
    'testPolicy',
  ],
  '@guardstile/sandbox': [
    'childSandbox',
    'codeSandbox',
    'commandSandbox',
    'filesystemSandbox',
    'moduleFunction',
    'moduleOf',
    'networkSandbox',
    'openBeneath',
    'osSandbox',
    'sandboxRuntime',
    'validateCode',
    'workspaceSandbox',
  ],
  '@guardstile/sqlite': ['bytesOf', 'keptClock', 'markOf', 'openStoreFile', 'storeRefusal'],
};

const packages = publishablePackages();

/** File names and texts. */
type Files = readonly (readonly [string, string])[];

function read(directory: string, pattern: string): Files {
  return globSync(pattern, { cwd: directory })
    .toSorted()
    .map((file) => [file.replaceAll('\\', '/'), readFileSync(join(directory, file), 'utf8')]);
}

function filesWith(files: Files, pattern: RegExp): readonly string[] {
  return files.filter(([, code]) => pattern.test(code)).map(([file]) => file);
}

describe('public surface', () => {
  it('lists every entry point of every published package', () => {
    const entryPoints = packages.flatMap(({ manifest }) =>
      Object.keys(manifest.exports ?? {}).map((path) => manifest.name + path.slice(1)),
    );
    expect(entryPoints.toSorted()).toEqual(Object.keys(surface).toSorted());
  });

  it.each(Object.keys(surface))('%s exports exactly its list', async (entryPoint) => {
    const module = (await import(entryPoint)) as Record<string, unknown>; // a module namespace
    expect(Object.keys(module).toSorted()).toEqual(surface[entryPoint]?.toSorted());
  });

  it.each(packages)('$manifest.name names what it exports', ({ directory }) => {
    const sources = read(directory, 'src/**/*.ts').filter(([file]) => !file.endsWith('.test.ts'));
    expect(sources.length).toBeGreaterThan(0);
    expect(filesWith(sources, /^\s*export\s*\*/m)).toEqual([]);
    expect(filesWith(sources, /^\s*export\s+default\b|\bas\s+default\b/m)).toEqual([]);
  });
});

describe('core is runtime-neutral', () => {
  const dist = read(join(workspaceRoot, 'packages/core'), 'dist/**/*.js');

  it('imports no Node built-in', () => {
    expect(dist.length).toBeGreaterThan(0);
    expect(filesWith(dist, /(?:from|import)\s*\(?\s*['"]node:|\brequire\s*\(/)).toEqual([]);
  });

  it('reaches for a Node built-in in one place only', () => {
    expect(filesWith(dist, /getBuiltinModule|['"]node:/)).toEqual(['dist/hash/node.js']);
  });
});
