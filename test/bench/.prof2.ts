import { allowAll, createGuard, layers } from '@guardstile/core';
import { createDataFlow, flowPolicy } from '@guardstile/data-flow';
const context = { principal: { id: 'u' }, session: 's' } as const;
const list = Array.from({ length: 4600 }, (_, i) => ({ id: i, from: `DE${i}8937040044053${i}`, to: `GB${1000000 + i}NWBK6016133`, amount: i * 1.37, note: `Invoice ${i}: thank you for the delivery of parcel ${i}, please confirm`, mail: `customer.${i}@shop${i % 97}.example.com` }));
const rules = flowPolicy({ tools: { list: { labels: { '[].to': 'trusted:payee', '[].from': 'trusted:payee' } } } });
const policy = layers([{ name: 'a', grants: allowAll() }, { name: 'b', restricts: rules }]);
const json = JSON.stringify(list);
const med = (f: () => unknown) => { const t: number[] = []; for (let i = 0; i < 60; i++) { const a = performance.now(); f(); t.push(performance.now() - a); } return t.slice(20).sort((a, b) => a - b)[20]; };
const parsed = JSON.parse(json);
for (let r = 0; r < 3; r++) {
console.log('parse', med(() => JSON.parse(json)), 'label', med(() => createGuard({ policy, dataFlow: createDataFlow(), audit: false, context }).wrap('list', () => parsed, { facts: 'readOnly' })()), 'noflow', med(() => createGuard({ policy: allowAll(), audit: false, context }).wrap('list', () => parsed, { facts: 'readOnly' })()));
}
