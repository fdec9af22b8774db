export {
  childSandbox,
  codeSandbox,
  commandSandbox,
  filesystemSandbox,
  networkSandbox,
  openBeneath,
  osSandbox,
  validateCode,
} from '@guardstile/sandbox';

export type {
  CodeResult,
  CodeSandbox,
  CodeSandboxOptions,
  CommandSandboxOptions,
  FilesystemSandbox,
  FilesystemSandboxOptions,
  ModuleSandboxOptions,
  NetworkSandbox,
  NetworkSandboxOptions,
  OsSandboxOptions,
  ToolModule,
} from '@guardstile/sandbox';
