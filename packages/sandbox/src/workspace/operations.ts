/** What can be done in a workspace: the tools of source `workspace`, and what is stated of them. */
export const OPERATIONS: {
  readonly runCommand: 'executeCode';
  readonly readFile: 'readOnly';
  readonly writeFile: 'edit';
  readonly statFile: 'readOnly';
  readonly listDirectory: 'readOnly';
  readonly deleteFile: 'destructive';
  readonly findFiles: 'readOnly';
  readonly searchFiles: 'readOnly';
} = {
  runCommand: 'executeCode',
  readFile: 'readOnly',
  writeFile: 'edit',
  statFile: 'readOnly',
  listDirectory: 'readOnly',
  deleteFile: 'destructive',
  findFiles: 'readOnly',
  searchFiles: 'readOnly',
};

export type Operation = keyof typeof OPERATIONS;

/** Where the operations come from, as policies name them. */
export const WORKSPACE = 'workspace';
