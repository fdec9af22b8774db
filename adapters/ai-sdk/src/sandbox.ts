export { sandboxSession } from './sandbox-session.ts';
export { toolSandbox } from './sandbox-tools.ts';
export {
  childSandbox,
  codeSandbox,
  commandSandbox,
  filesystemSandbox,
  moduleFunction,
  networkSandbox,
  openBeneath,
  osSandbox,
  validateCode,
  workspaceSandbox,
} from '@guardstile/sandbox';

export type { SandboxSession, SandboxSessionProcess } from './sandbox-session.ts';
export type { ToolSandboxOptions } from './sandbox-tools.ts';
export type {
  CodeResult,
  CodeSandbox,
  CodeSandboxOptions,
  CommandSandboxOptions,
  FilesystemSandbox,
  FilesystemSandboxOptions,
  ModuleFunction,
  ModuleSandboxOptions,
  NetworkSandbox,
  NetworkSandboxOptions,
  OsSandboxOptions,
  ToolModule,
  Workspace,
  WorkspaceSandbox,
  WorkspaceSandboxOptions,
} from '@guardstile/sandbox';
