/** The ways in which a piece of text is looked up. Each has hashes of its own. */
export const FORMS = ['word', 'address', 'number', 'digits', 'window', 'pair'] as const;

export type Form = (typeof FORMS)[number];

/** Where the hashes of an origin start, by form. */
export type Seeds = Readonly<Record<Form, number>>;
