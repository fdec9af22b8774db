import { createGuard, allowAll } from '@guardstile/ai-sdk';
import { createDataFlow } from '@guardstile/data-flow';
const dataFlow = createDataFlow({ maxSessions: 10 });
const view = async (session: string) => dataFlow.session({ session, principal: { id: 'a' } }, []);
for (let i = 0; i < 100_000; i++) await view(`s${i}`);
console.log('before', (await view('fresh-1')).complete);
for (let i = 0; i < 20; i++) await view(`t${i}`);
console.log('after 100,000 others were forgotten', (await view('fresh-2')).complete);
