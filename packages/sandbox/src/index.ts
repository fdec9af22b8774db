export { commandSandbox } from './command/command-sandbox.ts';
export { childSandbox } from './child/child-sandbox.ts';
export { codeSandbox } from './code/code-sandbox.ts';
export { validateCode } from './code/validate-code.ts';
export { osSandbox } from './os/os-sandbox.ts';
export { sandboxRuntime } from './os/sandbox-runtime.ts';
export { openBeneath } from './files/open-beneath.ts';
export { filesystemSandbox } from './files/filesystem-sandbox.ts';
export { networkSandbox } from './network/network-sandbox.ts';
export { moduleFunction, moduleOf } from './module-function/module-function.ts';
export { workspaceSandbox } from './workspace/workspace-sandbox.ts';

export type { DeclaredFields, Fields } from './arguments/declared-fields.ts';
export type {
  FilesystemSandbox,
  FilesystemSandboxOptions,
  PathUse,
} from './files/filesystem-sandbox.ts';
export type { CallLimits } from './child/limits.ts';
export type { ModuleSandboxOptions } from './child/options.ts';
export type { ToolModule } from './child/module-ref.ts';
export type { ResolveHost } from './network/guarded-dispatcher.ts';
export type { NetworkSandbox, NetworkSandboxOptions } from './network/network-sandbox.ts';
export type { OpenFlags } from './files/open-beneath.ts';
export type { CommandSandboxOptions } from './command/command-sandbox.ts';
export type { OsDriver } from './os/os-driver.ts';
export type { OsProfile } from './os/profile.ts';
export type { OsSandboxOptions } from './os/os-sandbox.ts';
export type { SandboxRuntimeManager, SandboxRuntimeRules } from './os/sandbox-runtime.ts';
export type { CodeFile, CodeOutput } from './code/code-result.mts';
export type { CodeResult } from './code/code-outcome.ts';
export type { CodeSandbox, CodeSandboxOptions, ExecuteOptions } from './code/code-sandbox.ts';
export type { Language } from './code/language.ts';
export type {
  CodeProblem,
  CodeRules,
  CodeValidation,
  ValidateCodeOptions,
} from './code/validate-code.ts';
export type { ModuleFunction } from './module-function/module-function.ts';
export type {
  CommandResult,
  DirectoryEntry,
  FileStat,
  FoundFile,
  FoundLine,
} from './workspace/found.mts';
export type { Found, TextSearch, Workspace, WorkspaceCommand } from './workspace/workspace.ts';
export type { WorkspaceSandbox, WorkspaceSandboxOptions } from './workspace/workspace-sandbox.ts';
