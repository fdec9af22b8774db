/** What a code sandbox runs. */
export type Language = 'javascript' | 'python' | 'shell';

export const LANGUAGES: readonly Language[] = Object.freeze(['javascript', 'python', 'shell']);
