import type { CheckInput } from '../checks/input.ts';
import { couldNotSave } from '../checks/persistence/saving.ts';
import type { ClusterView } from '../cluster/view.ts';
import type { Facts } from '../host/facts.ts';
import { readEvidence } from '../host/diagnosis/read.ts';
import type { Suspect } from '../host/diagnosis/script.ts';
import type { Host } from '../inventory/inventory.ts';
import { layoutOf } from '../render/layout.ts';
import { parseRedisConf } from '../render/redis-conf.ts';
import type { Session } from '../session/session.ts';

type Seen = { readonly view: ClusterView; readonly hosts: CheckInput['hosts'] };

/**
 * Looks at why nodes do not run, and at the logs of those that run and could not save or copy: nothing is
 * asked of a host whose nodes are all well.
 */
export async function lookAtStopped(session: Session, seen: Seen): Promise<CheckInput['evidence']> {
  const { inventory, shells, signal } = session;
  const found = await Promise.all(
    inventory.hosts.map(async (host) => {
      const [shell, facts] = [shells.get(host.name), seen.hosts[host.name]];
      if (!shell || !facts?.reachable) return [];
      const suspects = suspectsOn(session, host, { view: seen.view, facts: facts.facts });
      return Object.entries(await readEvidence(shell, suspects, signal));
    }),
  );
  return Object.fromEntries(found.flat());
}

/**
 * Nothing listens, or what does is started over and over. A node that was never configured cannot be judged.
 */
function suspectsOn(
  { inventory }: Session,
  host: Host,
  { view, facts }: { readonly view: ClusterView; readonly facts: Facts },
): readonly Suspect[] {
  const layout = layoutOf(inventory, host);
  return layout.nodes.flatMap((place): readonly Suspect[] => {
    const { node, configFile, service } = place;
    const state = view.nodes.find((each) => each.node === node.id);
    const unit = service.manager === 'systemd' ? facts.units[service.unit] : undefined;
    const isDown =
      state?.reachable === false &&
      (state.failure === 'refused' || (state.failure !== 'host' && (unit?.restarts ?? 0) > 0));
    const logOnly =
      state?.reachable === true && (couldNotSave(state) || state.info['master_link_status'] === 'down');
    const content = facts.files[configFile]?.content;
    if (!logOnly && (!isDown || content === undefined || !facts.server.installed)) return [];
    return [
      {
        layout: place,
        serviceUser: layout.serviceUser,
        server: inventory.server,
        appendonly: content !== undefined && readsAof(content),
        ports: inventory.mode === 'cluster' ? [node.port, node.busPort] : [node.port],
        logOnly,
      },
    ];
  });
}

/** The last line counts; without any the server's default is `no`. */
function readsAof(content: string): boolean {
  try {
    const lines = parseRedisConf(content).filter(({ name }) => name === 'appendonly');
    return lines.at(-1)?.args[0] === 'yes';
  } catch {
    return false;
  }
}
