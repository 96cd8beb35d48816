import type { AppendOnlyFile, DataFile, FolderState, NodeData, StoredIdentity } from '../facts.ts';
import { soonAsServiceUser } from '../scripts/as-service-user.ts';
import { shQuote } from '../../base/sh.ts';
import { folderScript, lookElsewhere, parseFormer } from './elsewhere.ts';
import type { Fact } from './fact.ts';
import { linesOf, numberOf } from './lines.ts';
import { headerBytes, parseHeaderBytes } from './rdb-header.ts';

/**
 * Bounds for what the server's user can put there: a pipe is waited for, and a line without end fills memory.
 * nodes.conf has some 150 bytes per node and at most 16,384 ranges of slots, a manifest a line per file.
 */
const mostSeconds = 30;
const mostBytes = 4_194_304;

/**
 * What is in the nodes' data folders, as far as a start depends on it. They are read by the server's own
 * user: it can put a link to anywhere in the place of any name there, and what it cannot read itself the
 * server cannot either. Lines: `absent DIR`, `aside INDEX DIR`, `left INDEX DIR`, `former INDEX KIND NEAR
 * ABOVE` and `conf INDEX BASE64` (`lookElsewhere`); `unreadable PATH`, or `folder DIR` with `writable`,
 * `myself …`, `peers …`, `at …`,
 * `manifest …` below it; then `stat SIZE MODIFIED PATH` of all files, and their first
 * bytes as `head -v` prints them, in base64.
 */
export const data: Fact<Readonly<Record<string, NodeData>>> = {
  script: (context) => `
${soonAsServiceUser(context.serviceUser, { seconds: mostSeconds, orAnyone: true })}
read_folders=${shQuote(lookElsewhere + readFolders)}
set --
${context.nodes.map(folderScript).join('\n')}
[ $# -gt 0 ] || exit 0
soon sh -c "$read_folders" sh "$@"
`,
  parse: (output, { nodes }) => {
    const [listing = '', heads = ''] = output.split('\nheads\n');
    const files = filesOf(linesOf(listing), Buffer.from(heads, 'base64'));
    const folders = foldersOf(linesOf(listing), files);
    return Object.fromEntries(
      nodes.map(({ node, dataDirectory, elsewhere }, index) => {
        const left = new RegExp(`^left ${index} (.*)$`, 'm').exec(listing)?.[1];
        const isFormer = left !== undefined && left === elsewhere?.former.dataDirectory;
        const folder = folders.get(isFormer ? left : dataDirectory);
        if (!folder) throw new Error(`nothing of ${dataDirectory}`);
        const former = parseFormer(listing, index);
        const asides = [...listing.matchAll(new RegExp(`^aside ${index} (.*)$`, 'gm'))].map(
          ([, path = '']) => path,
        );
        return [node, { folder, leftBehind: left, asides, ...(former && { former }) }];
      }),
    );
  },
};

/**
 * File names are the tool's own to choose (`whyOwned`). Runs with the folders as arguments. What is no plain
 * file counts as unreadable.
 */
const readFolders = `
unreadable() { printf 'unreadable %s\\n' "$1"; }
is_file() { [ -f "$1" ] && [ -r "$1" ]; }
folders=$#
while [ $folders -gt 0 ]; do
  folders=$((folders - 1))
  dir=$1
  shift
  if ! cd "$dir" 2>/dev/null || [ ! -r . ] || [ ! -x . ]; then unreadable "$dir"; continue; fi
  printf 'folder %s\\n' "$dir"
  [ ! -w . ] || echo writable
  if [ -e nodes.conf ]; then
    if is_file nodes.conf; then
      printf 'myself %s\\n' "$(head -c ${mostBytes} nodes.conf | grep -m 1 -e '[ ,]myself[ ,]')"
      printf 'peers %s\\n' "$(head -c ${mostBytes} nodes.conf | sed -n '/[ ,]myself[ ,]/d; s/^\\([0-9a-f]\\{40\\}\\) .*/\\1/p' | tr '\\n' ' ')"
      printf 'at %s\\n' "$(head -c ${mostBytes} nodes.conf | sed -n '/[ ,]myself[ ,]/d; /[ ,]noaddr[ ,]/d; s/^[0-9a-f]\\{40\\} \\([0-9a-fA-F.:]*:[0-9]*\\)@.*/\\1/p' | tr '\\n' ' ')"
    else unreadable "$dir/nodes.conf"; fi
  fi
  if [ -e appendonlydir ]; then
    if [ ! -d appendonlydir ] || [ ! -r appendonlydir ] || [ ! -x appendonlydir ]; then
      unreadable "$dir/appendonlydir"
    elif [ -e appendonlydir/appendonly.aof.manifest ]; then
      if is_file appendonlydir/appendonly.aof.manifest; then
        echo manifest
        head -c ${mostBytes} appendonlydir/appendonly.aof.manifest |
          while read -r line; do printf 'manifest %s\\n' "$line"; done
      else unreadable "$dir/appendonlydir/appendonly.aof.manifest"; fi
    fi
  fi
  [ ! -e appendonlydir/temp-appendonly.aof.incr ] || echo switching
  for name in dump.rdb appendonly.aof appendonlydir/appendonly.aof.[0-9]*; do
    if [ ! -e "$name" ]; then continue
    elif is_file "$name"; then set -- "$@" "$dir/$name"
    else unreadable "$dir/$name"; fi
  done
done
[ $# -gt 0 ] || exit 0
# A running server may have replaced one of them meanwhile.
stat -L -c 'stat %s %Y %n' -- "$@" 2>/dev/null
echo heads
head -v -c ${headerBytes} -- "$@" 2>/dev/null | base64
:
`;

/** By path. A file that went away between two looks is not there. */
function filesOf(lines: readonly string[], heads: Buffer): ReadonlyMap<string, DataFile> {
  let at = 0;
  return new Map(
    lines.flatMap((line): readonly (readonly [string, DataFile])[] => {
      const [, size, modified, path] = /^stat (\d+) (\d+) (.*)$/.exec(line) ?? [];
      if (path === undefined) return [];
      const title = Buffer.from(`==> ${path} <==\n`);
      const start = heads.indexOf(title, at);
      const from = start === -1 ? heads.length : start + title.length;
      const bytes = heads.subarray(from, from + Math.min(Number(size), headerBytes));
      at = from + bytes.length;
      return [
        [
          path,
          { size: Number(size), modified: Number(modified) * 1000, format: parseHeaderBytes(bytes) },
        ] as const,
      ];
    }),
  );
}

function foldersOf(
  lines: readonly string[],
  files: ReadonlyMap<string, DataFile>,
): ReadonlyMap<string, FolderState> {
  const folders = new Map<string, FolderState>();
  let [directory, about]: [string | undefined, string[]] = [undefined, []];
  const finish = (): void => {
    if (directory !== undefined) folders.set(directory, folderOf(directory, about, files));
  };
  for (const line of lines) {
    const [, word, path = ''] = /^(absent|unreadable|folder) (.*)$/.exec(line) ?? [];
    if (word === 'unreadable' && directory !== undefined && path.startsWith(`${directory}/`)) {
      about.push(line);
    } else if (word !== undefined) {
      finish();
      [directory, about] = word === 'folder' ? [path, []] : [undefined, []];
      if (word === 'absent') folders.set(path, { kind: 'absent' });
      if (word === 'unreadable') folders.set(path, { kind: 'unreadable', path });
    } else about.push(line);
  }
  finish();
  return folders;
}

function folderOf(
  directory: string,
  about: readonly string[],
  files: ReadonlyMap<string, DataFile>,
): FolderState {
  const unreadable = about.find((line) => line.startsWith('unreadable '));
  if (unreadable !== undefined) return { kind: 'unreadable', path: unreadable.slice('unreadable '.length) };
  const said = (word: string): string | undefined =>
    about.find((line) => line.startsWith(`${word} `))?.slice(word.length + 1);
  const myself = said('myself');
  const manifest = about.filter((line) => line.startsWith('manifest '));
  const filled = filledBelow(`${directory}/appendonlydir/`, files);
  const unnamed = about.includes('manifest') ? newerThan(manifest, filled) : filled;
  return {
    kind: 'read',
    isWritable: about.includes('writable'),
    identity: myself === undefined ? { kind: 'none' } : parseMyself(myself, said),
    dump: files.get(`${directory}/dump.rdb`),
    single: files.get(`${directory}/appendonly.aof`),
    appendOnly: about.includes('manifest')
      ? manifest.flatMap((line) =>
          parseManifest(line, (name) => files.get(`${directory}/appendonlydir/${name}`)),
        )
      : undefined,
    ...(unnamed.length > 0 && { unnamed }),
    ...(about.includes('switching') && { isSwitching: true }),
  };
}

/** Names of the files below a folder that have something in them. */
const filledBelow = (folder: string, files: ReadonlyMap<string, DataFile>): readonly string[] =>
  [...files].flatMap(([path, { size, format }]) => {
    const isFilled = size > 0 && !(format.kind === 'rdb' && format.isEmpty);
    return path.startsWith(folder) && isFilled ? [path.slice(folder.length)] : [];
  });

/**
 * Increments with something in them that come after those of the manifest: a server names an increment before
 * it writes to it (aof.c, openNewIncrAofForAppend), so the manifest is from an older copy.
 */
function newerThan(manifest: readonly string[], filled: readonly string[]): readonly string[] {
  const last = Math.max(0, ...manifest.map((line) => Number(/ seq (\d+) type i/.exec(line)?.[1] ?? 0)));
  return filled.filter((name) => Number(/\.(\d+)\.incr\.aof$/.exec(name)?.[1] ?? 0) > last);
}

/** `ID IP:PORT@BUS[,HOSTNAME…] FLAGS MASTER PING PONG EPOCH LINK SLOT…`, as CLUSTER NODES has it. */
function parseMyself(line: string, said: (word: string) => string | undefined): StoredIdentity {
  const [id = '', place = '', flags = '', masterId = '', , , epoch, , ...slots] = line.trim().split(' ');
  const [, ip, port] = /^(.*):(\d+)@\d+/.exec(place) ?? [];
  if (!/^[0-9a-f]{40}$/.test(id) || port === undefined) return { kind: 'unknown' };
  const isReplica = flags.split(',').includes('slave');
  return {
    kind: 'known',
    id,
    ip: ip ?? '',
    port: Number(port),
    masterId: isReplica ? masterId : undefined,
    epoch: numberOf(epoch) ?? 0,
    // Open slots are listed in brackets; they are not its own for that.
    ownsSlots: !isReplica && slots.some((slot) => !slot.startsWith('[')),
    peers: wordsOf(said('peers')),
    peersAt: wordsOf(said('at')).flatMap(placeOf),
  };
}

const wordsOf = (text = ''): readonly string[] => text.split(' ').filter((word) => word !== '');

/** `10.0.0.9:7000`; none without an address. */
function placeOf(text: string): readonly { readonly ip: string; readonly port: number }[] {
  const [, ip, port] = /^(.+):(\d+)$/.exec(text) ?? [];
  return ip === undefined ? [] : [{ ip, port: Number(port) }];
}

/**
 * `manifest file appendonly.aof.1.base.rdb seq 1 type b`; files of an earlier set (type h) are never read.
 */
function parseManifest(
  line: string,
  fileOf: (name: string) => DataFile | undefined,
): readonly AppendOnlyFile[] {
  const [, name, type] = /^manifest file "?([^" ]+)"? .*\btype ([bi])\b/.exec(line) ?? [];
  if (name === undefined) return [];
  return [{ name, type: type === 'b' ? 'base' : 'increment', file: fileOf(name) }];
}
