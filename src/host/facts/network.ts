import { canonicalAddress } from '../../inventory/address.ts';
import type { NetworkFacts } from '../facts.ts';
import { shQuote } from '../../base/sh.ts';
import type { Fact } from './fact.ts';
import { fieldsOf, linesOf, numberOf } from './lines.ts';
import { parseSockets, socketsScript } from './sockets.ts';

/**
 * The host's addresses, whether its nodes' address is one of them, and what may take a node's port away: the
 * range of ports for outgoing connections, and the connections that have such a port. Routing decides what is
 * local: a whole network can be. Where ip is missing, the kernel's tables tell as much.
 */
export const network: Fact<NetworkFacts> = {
  script: ({ address, ports }) => `
PATH=$PATH:/usr/sbin:/sbin
address=${shQuote(address)}
if command -v ip >/dev/null; then
  ip -o addr show 2>/dev/null | sed -n -E 's/^[0-9]+: +([^ ]+) +inet6? ([^ ]+) .*/address \\2 \\1/p'
  case $(ip route get "$address" 2>/dev/null) in
    'local '*) echo local=yes ;;
    *) ip route show >/dev/null 2>&1 && echo local=no ;;
  esac
else
  sed -n -e 's/^ *|-- \\([0-9.]*\\)$/\\1/' -e t\\ keep -e '/32 host LOCAL/{x;p;x}' -e b -e ': keep' -e h /proc/net/fib_trie |
    sort -u | sed 's/^/address /'
  sed -E 's/^(....)(....)(....)(....)(....)(....)(....)(....) [^ ]+ ([^ ]+) .* ([^ ]+)$/address \\1:\\2:\\3:\\4:\\5:\\6:\\7:\\8 \\10/' /proc/net/if_inet6 2>/dev/null
fi
printf 'range=%s\\n' "$(cat /proc/sys/net/ipv4/ip_local_port_range 2>/dev/null)"
printf 'reserved=%s\\n' "$(cat /proc/sys/net/ipv4/ip_local_reserved_ports 2>/dev/null)"
${socketsScript(ports)}
`,
  parse: (output, { address }) => {
    const { local, range = '', reserved = '' } = fieldsOf(output);
    const addresses = linesOf(output).flatMap(parseAddress);
    const [first, last] = range.trim().split(/\s+/).map(numberOf);
    const isListed = addresses.some((each) => each.address === canonicalAddress(address));
    return {
      addresses,
      hasAddress:
        isListed || local === 'yes' || (local === undefined && addresses.length === 0 ? undefined : false),
      outgoingPorts: first !== undefined && last !== undefined ? [first, last] : undefined,
      reservedPorts: reserved.split(',').filter(Boolean),
      sockets: parseSockets(output),
    };
  },
};

/** `address 10.0.0.5/24 eth0` */
function parseAddress(line: string): NetworkFacts['addresses'] {
  const [, text = '', device = ''] = /^address ([0-9a-f.:]+)\S*(?: (\S+))?$/.exec(line) ?? [];
  return text === '' ? [] : [{ address: canonicalAddress(text), device }];
}
