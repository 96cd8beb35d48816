import { distributionUnit, startsOnInstall } from '../packages.ts';
import type { PlanInput } from './input.ts';
import type { HostStep } from '../step.ts';
import { isAcceptable } from '../version.ts';
import { unitsInTheWay } from './masks.ts';
import { lacksNft } from './port-limit.ts';

/** Package lists, units of the distribution's that would be in the way, and the packages, in that order. */
export function planPackages(input: PlanInput): readonly HostStep[] {
  const { inventory, facts, desired } = input;
  const masks = unitsInTheWay(input).map((unit) => ({ kind: 'mask-unit', ...unit }) as const);
  const { packages } = desired;
  if (!packages) return masks;
  const { manager } = packages;
  const tools = lacksNft(input) ? [nftPackage] : [];
  if (!isMissing(input)) return tools.length === 0 ? masks : [...masks, ...installTools(input, tools)];
  const names = [...packages.names, ...tools];
  const known = facts.server.available;
  const isKnown = known !== undefined && isAcceptable(known, inventory.version);
  return [
    ...(isKnown || input.refreshed ? [] : [{ kind: 'refresh-packages', manager, packages: names } as const]),
    ...masks,
    ...maskFreshUnit(input),
    { kind: 'install-packages', manager, packages: names },
  ];
}

/** Every distribution calls it so. */
const nftPackage = 'nftables';

/** Only after the lists were refreshed is it known whether a package that nobody asked for can be had. */
function installTools({ desired, refreshed }: PlanInput, packages: readonly string[]): readonly HostStep[] {
  const manager = desired.packages?.manager;
  if (!manager) return [];
  return [
    ...(refreshed ? [] : [{ kind: 'refresh-packages', manager, packages } as const]),
    { kind: 'install-packages', manager, packages },
  ];
}

/** No server, or an installation that was cut off. */
const isMissing = ({ facts }: PlanInput): boolean =>
  facts.server.installed === undefined ||
  facts.server.unfinished ||
  (facts.server.account !== undefined && facts.server.account.uid === undefined);

/** Debian starts the service it has just installed, on port 6379 and without a password: mask it before. */
function maskFreshUnit({ inventory, facts, desired }: PlanInput): readonly HostStep[] {
  const manager = desired.packages?.manager;
  if (!manager || !startsOnInstall(manager) || facts.server.installed) return [];
  const unit = distributionUnit(manager, inventory.server);
  if (facts.units[unit]?.load === 'masked') return [];
  return [{ kind: 'mask-unit', unit, why: 'the package would start it' }];
}
