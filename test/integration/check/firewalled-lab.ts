import { join } from 'node:path';
import type { Cli } from '../../support/cli.ts';
import { createCli } from '../../support/cli.ts';
import type { LabHost } from '../../lab/host.ts';
import { createLab, type Lab } from '../../lab/lab.ts';

/** Three hosts for the nodes and one for a client, with every firewall installed and none switched on. */
export async function createFirewallLab(): Promise<Lab> {
  const lab = await createLab({
    hosts: ['redis1', 'redis2', 'redis3', 'client'],
    redis: 'installed',
    packages: ['firewalld', 'ufw'],
  });
  // Stopped while it still starts, firewalld leaves its rules behind.
  const stop = 'systemctl --quiet disable --now firewalld && nft flush ruleset';
  await Promise.all(lab.hosts.map((host) => host.run(stop)));
  return lab;
}

/** Default deny but for SSH, each host by other means, and a rule of somebody's own for 10.1.1.1. */
export async function switchOn(lab: Lab): Promise<void> {
  await Promise.all([
    lab
      .host('redis1')
      .run(
        'ufw allow 22/tcp && ufw allow proto tcp from 10.1.1.1 to any port 7000 comment "their own" && ufw --force enable',
      ),
    lab
      .host('redis2')
      .run(
        `systemctl --quiet enable --now firewalld && for keep in '' --permanent; do firewall-cmd $keep --add-rich-rule='rule family=ipv4 source address=10.1.1.1 port port=7001 protocol=tcp accept'; done`,
      ),
    lab
      .host('redis3')
      .writeFile('/etc/nftables.conf', nftablesConf, '0755')
      .then(() => lab.host('redis3').run('systemctl --quiet enable nftables && systemctl restart nftables')),
  ]);
}

const nftablesConf = `#!/usr/sbin/nft -f
flush ruleset
table inet filter {
  chain input {
    type filter hook input priority filter; policy accept;
    ct state established,related accept
    iif lo accept
    tcp dport 22 accept
    ip saddr 10.1.1.1 tcp dport 7002 accept comment "their own"
    counter log prefix "dropped " drop
  }
}
`;

/** What each firewall has, as its own tool tells it, without counters. */
export const rulesOf = async (lab: Lab): Promise<readonly string[]> =>
  Promise.all([
    lab.host('redis1').run('ufw status; cat /etc/ufw/user.rules /etc/ufw/user6.rules'),
    lab.host('redis2').run('firewall-cmd --list-all; firewall-cmd --permanent --list-all'),
    lab.host('redis3').run("nft list ruleset | sed 's/packets [0-9]* bytes [0-9]*//'"),
  ]);

/**
 * Which of the nodes' ports and bus ports the client's host reaches, as `redis1:7000`; `as`: from another
 * address that it has meanwhile.
 */
export async function reached(lab: Lab, as?: string): Promise<readonly string[]> {
  const targets = lab.hosts
    .slice(0, 3)
    .flatMap(({ name, address }, index) =>
      [7000, 7003, 17_000, 17_003].map((port) => ({ name, address, port: port + index })),
    );
  const addresses = lab.hosts.slice(0, 3).map(({ address }) => address);
  const [before, after] =
    as === undefined
      ? ['', '']
      : [
          `ip addr add ${as}/32 dev host0\n${addresses.map((to) => `ip route add ${to} dev host0 src ${as}`).join('\n')}`,
          `${addresses.map((to) => `ip route del ${to}`).join('\n')}\nip addr del ${as}/32 dev host0`,
        ];
  const tries = targets.map(
    ({ name, address, port }) =>
      `timeout 2 bash -c 'exec 3<>/dev/tcp/${address}/${port}' 2>/dev/null && echo ${name}:${port} &`,
  );
  const said = await lab
    .host('client')
    .run(`set -e\n${before}\nset +e\n${tries.join('\n')}\nwait\nset -e\n${after}`);
  const open = said.split('\n');
  return targets.map(({ name, port }) => `${name}:${port}`).filter((id) => open.includes(id));
}

/** Which of these `ADDRESS:PORT` a user of the host reaches. */
export async function reachedBy(
  host: LabHost,
  user: string,
  places: readonly string[],
): Promise<readonly string[]> {
  const tries = places.map((place) => {
    const [address, port] = place.split(':');
    return `timeout 2 bash -c 'exec 3<>/dev/tcp/${address}/${port}' 2>/dev/null && echo ${place} &`;
  });
  const said = (await host.run(`${tries.join('\n')}\nwait`, { user })).split('\n');
  return places.filter((place) => said.includes(place));
}

/** The inventory of the three hosts: ports 7000 + i and 7003 + i each. */
export function inventoryOf(lab: Lab, over: object = {}): object {
  return {
    cluster: 'prod',
    install: 'package',
    auth: { password: { env: 'REDIS_PASSWORD' } },
    ssh: {
      identityFile: lab.keyFile,
      knownHostsFile: lab.knownHostsFile,
      configFile: 'none',
      user: 'deploy',
    },
    hosts: lab.hosts
      .slice(0, 3)
      .map(({ name, address }, index) => ({ name, address, ports: [7000 + index, 7003 + index] })),
    ...over,
  };
}

export const createLabCli = (lab: Lab): Promise<Cli> =>
  createCli(inventoryOf(lab), {
    user: 'own',
    env: { REDIS_PASSWORD: 'a-password-of-the-lab', XDG_CONFIG_HOME: join(lab.dir, 'config') },
  });
