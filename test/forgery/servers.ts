import { type Attack, REFUND, repeatedly } from './attack.ts';
import { approveAll } from './forged.ts';

/** Several guards of one application, in one process or in several. */
export const SERVERS: readonly Attack[] = [
  {
    name: 'a guard made for every request',
    codes: ['approval_unknown'],
    says: 'create the guard once or share an approval store',
    async carryOut(world) {
      const claims = approveAll(await world.ask([REFUND], { server: world.server('own') }));
      await repeatedly(() => world.post(claims, { server: world.server('own') }));
    },
  },
  {
    name: 'a second server, without a shared store',
    codes: ['approval_unknown'],
    says: 'create the guard once or share an approval store',
    async carryOut(world) {
      const [one, other] = [world.server('own'), world.server('own')];
      const claims = approveAll(await world.ask([REFUND], { server: one }));
      await repeatedly(() => world.post(claims, { server: other }));
    },
  },
  {
    name: 'two servers that share a store, one after the other',
    codes: ['approval_consumed'],
    runs: 1,
    async carryOut(world) {
      const [one, other] = [world.server('shared'), world.server('shared')];
      const claims = approveAll(await world.ask([REFUND], { server: one }));
      await world.post(claims, { server: other });
      await repeatedly(() => world.post(claims, { server: one }));
      await repeatedly(() => world.post(claims, { server: other }));
    },
  },
  {
    name: 'two servers that share a store, at the same moment',
    codes: ['approval_consumed'],
    runs: 1,
    async carryOut(world) {
      const servers = [world.server('shared'), world.server('shared')];
      const claims = approveAll(await world.ask([REFUND], { server: servers[0] }));
      world.ponder();
      await Promise.all([...servers, ...servers].map((server) => world.post(claims, { server })));
    },
  },
];
