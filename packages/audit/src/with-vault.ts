import type { LogPlace } from './open-log.ts';
import type { PayloadVault } from './payload-vault.ts';
import { payloadOf } from './seal-payload.ts';

/** Places where what entries commit to is on disk before they are. */
export function withVault(places: readonly LogPlace[], vault: PayloadVault): readonly LogPlace[] {
  return places.map((place) => ({
    ...place,
    open() {
      const opened = place.open();
      const { storage } = opened;
      return {
        ...opened,
        storage: {
          ...storage,
          async append(entries) {
            vault.keep(entries.flatMap(({ draft }) => payloadOf(draft) ?? []));
            await storage.append(entries);
          },
          close() {
            vault.close();
            storage.close();
          },
        },
      };
    },
  }));
}
