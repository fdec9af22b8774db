// The module that a child loads.
export { deleteFile, listDirectory, readFile, statFile, writeFile } from './file-operations.mts';
export { runCommand } from './run-command.mts';
export { findFiles, searchFiles } from './search-operations.mts';
