import { createRoot } from 'react-dom/client';

import { ChatPage } from './chat-page.tsx';

const root = document.querySelector('#root');
if (root === null) throw new Error('the page has no #root');
// The server keeps nothing but approvals: a conversation lives as long as its page.
createRoot(root).render(<ChatPage id={crypto.randomUUID()} />);
