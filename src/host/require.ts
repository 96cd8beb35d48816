import type { PlanInput } from './planning/input.ts';
import { requireAddress } from './requirements/address.ts';
import { requireOwnMachine } from './requirements/one-machine.ts';
import { noteOutgoingPorts } from './requirements/outgoing-ports.ts';
import { requireFirewall } from './requirements/firewall.ts';
import { requireDataFolders } from './requirements/data-folders.ts';
import { requireUnmasked } from './requirements/masked.ts';
import { noteBootOverrides, noteKernel, noteSelinux } from './requirements/kernel.ts';
import { requireMovable } from './requirements/former-places.ts';
import { requireNotification } from './requirements/notification.ts';
import { requireOwnership } from './requirements/ownership.ts';
import { noteOtherServers, requireNoForeignData, requirePorts } from './requirements/ports.ts';
import type { HostProblem } from './requirements/problem.ts';
import type { Requirement } from './requirements/requirement.ts';
import { requireDisk, requireMemory } from './requirements/resources.ts';
import { noteRestarts } from './requirements/restarts.ts';
import { requireSafeStart } from './requirements/starts.ts';
import { requireServiceUser } from './requirements/service-user.ts';
import { requireSystem } from './requirements/system.ts';
import { requireUsablePaths } from './requirements/usable-paths.ts';
import { requireVersion } from './requirements/version.ts';

/** What a host has to be before anything is changed on it, the gravest first. */
const requirements: readonly Requirement[] = [
  requireUsablePaths,
  requireOwnership,
  requireDataFolders,
  requireMovable,
  requireSafeStart,
  requireNoForeignData,
  requireSystem,
  requireVersion,
  requireServiceUser,
  requireUnmasked,
  requireAddress,
  requireOwnMachine,
  requireNotification,
  requirePorts,
  noteOutgoingPorts,
  requireFirewall,
  requireDisk,
  requireMemory,
  noteOtherServers,
  noteRestarts,
  noteKernel,
  noteBootOverrides,
  noteSelinux,
];

/** All problems of this host at once; clocks are for `requireClocks`, over all hosts. Pure. */
export const requireHost = (input: PlanInput): readonly HostProblem[] =>
  requirements.flatMap((requirement) => requirement(input));
