import type { ReachableView } from '../../cluster/view.ts';
import type { Inventory, Node } from '../../inventory/inventory.ts';
import { findNode } from '../../inventory/topology.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { shQuote } from '../../base/sh.ts';
import { byHand, call, onHost } from '../remedy.ts';
import { titled } from '../shared.ts';
import { count } from '../text.ts';

const day = 86_400_000;
const warnDays = 30;
const criticalDays = 7;

/** Where TLS is on: it covers bus and replication as well, and its certificate is not about to expire. */
export const tls: Check = {
  name: 'TLS',
  section: 'security',
  run: (input, { reachable }) =>
    reachable
      .filter(({ config }) => Number(config['tls-port'] ?? 0) > 0)
      .flatMap((view) => [...partial(view), ...expiring(input, view)]),
};

function partial({ node, config }: ReachableView): readonly Finding[] {
  const plain = ['tls-cluster', 'tls-replication'].filter((name) => config[name] !== 'yes');
  if (plain.length === 0) return [];
  return [
    {
      id: 'WR-TLS-PARTIAL',
      severity: 'warning',
      ...titled(node, '{} {has|have} TLS for clients only'),
      nodes: [node],
      hosts: [],
      seen: plain.map((name) => `${name} no`).join(', '),
      expected: 'tls-cluster yes and tls-replication yes',
      why: 'All data crosses the network once more in the clear, and anyone who reaches the bus port may join.',
      remedy: [
        byHand('set tls-cluster and tls-replication by hand, next to tls-port: the tool does not manage TLS'),
      ],
    },
  ];
}

function expiring(
  { inventory, hostProbes, now }: CheckInput,
  { node, config }: ReachableView,
): readonly Finding[] {
  const known = findNode(inventory, node);
  const path = config['tls-cert-file'] ?? '';
  const certificate = known && hostProbes[known.host]?.certificates[path];
  if (!known || !certificate) return [];
  const { notAfter } = certificate;
  const days = notAfter === undefined ? undefined : Math.floor((notAfter - now) / day);
  if (days !== undefined && days > warnDays) return [];
  return [
    {
      id: 'WR-TLS-EXPIRY',
      severity: days === undefined || days > criticalDays ? 'warning' : 'critical',
      title: `the certificate of ${node} ${expiry(days)}`,
      shared: {
        by: node,
        title: `the certificates of {} ${days === undefined ? 'cannot be read' : `expire within ${days > criticalDays ? warnDays : criticalDays} days`}`,
      },
      nodes: [node],
      hosts: [known.host],
      seen: notAfter === undefined ? path : `${path}, valid until ${new Date(notAfter).toISOString()}`,
      expected: `a certificate valid for more than ${warnDays} days`,
      why: 'When it expires clients, replicas and the other nodes refuse to connect.',
      remedy: [lookAtCertificate(inventory, known, path)],
    },
  ];
}

/** The server chose the path, and root would read it: one that is out of the ordinary is only shown. */
function lookAtCertificate(inventory: Inventory, node: Node, path: string): string {
  return /^\/[\w@%+=:,./ -]+$/.test(path)
    ? onHost(inventory, node.host, `openssl x509 -noout -subject -dates <${shQuote(path)}`)
    : call(inventory, node.id, 'CONFIG', 'GET', 'tls-cert-file');
}

function expiry(days: number | undefined): string {
  if (days === undefined) return 'cannot be read';
  return days < 0 ? 'has expired' : `expires in ${count(days, 'day')}`;
}
