import { renderHeader } from '../render/header.ts';
import type { RenderedFile } from '../render/render.ts';
import type { PortLimit } from './port-limit.ts';
import { limitPortsScript } from './scripts/port-limit.ts';
import { packetFilterFunctions, packetFilterRule } from './scripts/packet-filter.ts';
import type { GateRules } from './step.ts';

const scriptStart = '/usr/local/sbin/weedgo-redis-firewall-';
/** All clusters' scripts, as sh finds them. */
export const bootScripts = `${scriptStart}*`;

/** What keeps a cluster's rules in nftables and iptables, which forget them when the host starts again. */
export function bootPaths(cluster: string): {
  readonly unit: string;
  readonly script: string;
  readonly files: readonly [script: string, unit: string];
} {
  const unit = `weedgo-redis-firewall-${cluster}.service`;
  const script = `${scriptStart}${cluster}`;
  return { unit, script, files: [script, `/etc/systemd/system/${unit}`] };
}

export type BootInput = {
  readonly cluster: string;
  readonly gates: readonly GateRules[];
  readonly limit: PortLimit | undefined;
  /** Of the host's nodes: none of them starts before the rules are there. */
  readonly ports: readonly number[];
};

/**
 * A script that adds the rules again and the unit that runs it; none when all gates keep their rules
 * themselves.
 */
export function bootFiles({ cluster, gates, limit, ports }: BootInput): readonly RenderedFile[] {
  const opened = gates.flatMap(({ gate, mark, rules: each }) =>
    gate.tool === 'nft' || gate.tool === 'iptables'
      ? each.map((rule) => `open_ports ${packetFilterRule(gate, rule, mark)} || failed=1`)
      : [],
  );
  const rules = [...opened, ...(limit ? [`(\n${limitPortsScript(limit)}\n) || failed=1`] : [])];
  if (rules.length === 0) return [];
  const { script, files } = bootPaths(cluster);
  const header = renderHeader({ cluster, node: undefined });
  const file = { owner: 'root', group: 'root', secret: false } as const;
  return [
    {
      ...file,
      path: files[0],
      mode: '0755',
      content: `#!/bin/sh\n${header}\n${packetFilterFunctions}\nfailed=0\n${rules.join('\n')}\nexit $failed\n`,
    },
    { ...file, path: files[1], mode: '0644', content: unitFile({ header, script, cluster, ports }) },
  ];
}

/**
 * Each of these throws all rules out when it loads its own: the unit runs after them, and again with them.
 */
const loaders = 'nftables.service netfilter-persistent.service iptables.service ip6tables.service';

type UnitInput = Pick<BootInput, 'cluster' | 'ports'> & { readonly header: string; readonly script: string };

const unitFile = ({ header, script, cluster, ports }: UnitInput): string => `${header}
[Unit]
Description=Packet filter rules for the ports of Redis cluster ${cluster}
After=${loaders}
Before=${ports.map((port) => `weedgo-redis@${port}.service`).join(' ')}
PartOf=${loaders}
ReloadPropagatedFrom=${loaders}

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${script}
ExecReload=${script}

[Install]
WantedBy=multi-user.target ${loaders}
`;
