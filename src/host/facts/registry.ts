import type { Facts } from '../facts.ts';
import { clock } from './clock.ts';
import { cpus } from './cpus.ts';
import { data } from './data.ts';
import { directories } from './directories.ts';
import { disks } from './disks.ts';
import { effectiveUser } from './effective-user.ts';
import type { Fact } from './fact.ts';
import { files } from './files.ts';
import { firewall } from './firewall.ts';
import { foreignServers } from './foreign-servers.ts';
import { kernel } from './kernel.ts';
import { listeners } from './listeners.ts';
import { memory } from './memory.ts';
import { network } from './network.ts';
import { os } from './os.ts';
import { processes } from './processes.ts';
import { server } from './server.ts';
import { strayOwners } from './stray-owners.ts';
import { units } from './units.ts';
import { unusable } from './unusable.ts';

/**
 * Every fact, in the order in which they are read: the clock first, while little has passed since it was
 * asked.
 */
export const factRegistry: { readonly [Name in keyof Facts]: Fact<Facts[Name]> } = {
  clock,
  os,
  effectiveUser,
  cpus,
  memory,
  disks,
  server,
  files,
  directories,
  unusable,
  strayOwners,
  units,
  listeners,
  network,
  kernel,
  firewall,
  processes,
  foreignServers,
  data,
};

// Object.keys does not know that there are no other keys.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
export const factNames = Object.keys(factRegistry) as readonly (keyof Facts)[];
