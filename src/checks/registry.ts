import type { Check } from './check.ts';
import { agreement } from './cluster/agreement.ts';
import { complete } from './cluster/complete.ts';
import { announced } from './cluster/announced.ts';
import { epochs } from './cluster/epochs.ts';
import { formed } from './cluster/formed.ts';
import { handshakes } from './cluster/handshakes.ts';
import { lost } from './cluster/lost.ts';
import { hosts } from './cluster/hosts.ts';
import { links } from './cluster/links.ts';
import { members } from './cluster/members.ts';
import { majority } from './cluster/majority.ts';
import { nodes } from './cluster/nodes.ts';
import { openSlots } from './cluster/open-slots.ts';
import { strayKeys } from './cluster/stray-keys.ts';
import { partition } from './cluster/partition.ts';
import { pending } from './cluster/pending.ts';
import { provisioned } from './cluster/provisioned.ts';
import { shards } from './cluster/shards.ts';
import { slots } from './cluster/slots.ts';
import { state } from './cluster/state.ts';
import { strangers } from './cluster/strangers.ts';
import { twins } from './cluster/twins.ts';
import { unasked } from './cluster/unasked.ts';
import { unchecked } from './cluster/unchecked.ts';
import { config } from './configuration/config.ts';
import { managedFiles } from './configuration/managed-files.ts';
import { managedFolders } from './configuration/managed-folders.ts';
import { outliers } from './configuration/outliers.ts';
import { address, machines } from './host/address.ts';
import { clock } from './host/clock.ts';
import { dropIns } from './host/drop-ins.ts';
import { formerPlaces } from './host/former-places.ts';
import { kernel } from './host/kernel.ts';
import { limits } from './host/limits.ts';
import { oom } from './host/oom.ts';
import { units } from './host/units.ts';
import { version } from './host/version.ts';
import { writeTest } from './live/write-test.ts';
import { backlog } from './load/backlog.ts';
import { clients } from './load/clients.ts';
import { latency } from './load/latency.ts';
import { memory } from './load/memory.ts';
import { paused } from './load/paused.ts';
import { aof } from './persistence/aof.ts';
import { dataFolder } from './persistence/data-folder.ts';
import { dataGone } from './persistence/data-gone.ts';
import { dataOwner } from './persistence/data-owner.ts';
import { disk } from './persistence/disk.ts';
import { fork } from './persistence/fork.ts';
import { kept } from './persistence/kept.ts';
import { nextStart } from './persistence/next-start.ts';
import { rdb } from './persistence/rdb.ts';
import { starts } from './persistence/starts.ts';
import { electable } from './redundancy/electable.ts';
import { losses } from './redundancy/losses.ts';
import { survivorMemory } from './redundancy/memory.ts';
import { minReplicas } from './redundancy/min-replicas.ts';
import { placement } from './redundancy/placement.ts';
import { replicas } from './redundancy/replicas.ts';
import { replication } from './redundancy/replication.ts';
import { spread } from './redundancy/spread.ts';
import { acl } from './security/acl.ts';
import { auth } from './security/auth.ts';
import { busPorts } from './security/bus-ports.ts';
import { exposure } from './security/exposure.ts';
import { fileModes } from './security/file-modes.ts';
import { tls } from './security/tls.ts';

/** Every check, in the report's order of sections. A new check is a file next to these and a line here. */
export const checks: readonly Check[] = [
  twins,
  provisioned,
  formed,
  hosts,
  lost,
  partition,
  nodes,
  majority,
  unasked,
  unchecked,
  state,
  slots,
  openSlots,
  strayKeys,
  shards,
  announced,
  agreement,
  members,
  strangers,
  handshakes,
  epochs,
  links,
  complete,
  pending,
  replicas,
  replication,
  minReplicas,
  placement,
  electable,
  losses,
  spread,
  survivorMemory,
  config,
  outliers,
  managedFiles,
  managedFolders,
  rdb,
  aof,
  kept,
  nextStart,
  starts,
  fork,
  disk,
  dataGone,
  dataOwner,
  dataFolder,
  memory,
  clients,
  backlog,
  latency,
  paused,
  auth,
  exposure,
  busPorts,
  acl,
  fileModes,
  tls,
  address,
  machines,
  formerPlaces,
  kernel,
  limits,
  clock,
  units,
  dropIns,
  version,
  oom,
  writeTest,
];
