import { randomBytes } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { OperationError, UsageError } from '../../base/errors.ts';
import { missingSecrets } from '../../session/secrets/unknown.ts';
import type { Host, Inventory, Secrets } from '../../inventory/inventory.ts';
import { resolveSecrets } from '../../inventory/secrets.ts';
import { messageOf } from '../../base/message-of.ts';
import { renderCompose } from '../../render/compose.ts';
import { layoutOf } from '../../render/layout.ts';
import { maskSecrets } from '../../render/mask.ts';
import { renderHostFiles } from '../../render/render.ts';

export type RenderRequest = {
  readonly inventory: Inventory;
  /** Folder to write to; made when it is missing. */
  readonly directory: string;
  /** Write real passwords. Without it they are masked in a way that no server starts with. */
  readonly showSecrets: boolean;
  /** Shows what a command asks that prints a secret. */
  readonly show?: ((text: string) => void) | undefined;
};

export type Rendered = {
  /** Absolute paths of what was written. */
  readonly files: readonly string[];
  /** Passwords were left out of some of them. */
  readonly masked: boolean;
};

/**
 * Writes every file that provision would push to `DIRECTORY/HOST/…`, with the path it has on the host.
 * Contacts no host; what follows from a host's memory is left out. Files with passwords have mode 0600.
 */
export async function renderFiles(request: RenderRequest): Promise<Rendered> {
  const { inventory, directory, showSecrets, show } = request;
  const secrets = showSecrets ? await knownSecrets(inventory, show) : standIns(inventory);
  const files = inventory.hosts.flatMap((host) =>
    filesOf(inventory, host, secrets).map((file) => ({
      path: join(resolve(directory), host.name, file.path),
      mode: file.secret ? 0o600 : 0o644,
      content: file.secret && !showSecrets ? maskSecrets(file.content, maskNote) : file.content,
      masked: file.secret && !showSecrets,
    })),
  );
  await writeAll(files);
  return { files: files.map(({ path }) => path), masked: files.some(({ masked }) => masked) };
}

/** Writes the docker-compose.yml of a standalone server with its redis.conf; neither holds a password. */
export async function renderComposeFiles({
  inventory,
  directory,
}: Pick<RenderRequest, 'inventory' | 'directory'>): Promise<Rendered> {
  if (inventory.mode !== 'standalone') {
    throw new UsageError('render compose is for one development server: the inventory says mode: cluster', {
      hints: ['Take inventories/standalone.yaml, or provision the cluster with connection: local.'],
    });
  }
  const files = renderCompose(inventory).map(({ name, content }) => ({
    path: join(resolve(directory), name),
    mode: 0o644,
    content,
  }));
  await writeAll(files);
  return { files: files.map(({ path }) => path), masked: false };
}

/** A second argument keeps a server from starting with the mask as its password. */
const maskNote = 'masked: render with --show-secrets';

/** Rendering contacts no host, so it cannot know whether the hosts have the secret already: it makes none. */
async function knownSecrets(inventory: Inventory, show: RenderRequest['show']): Promise<Secrets> {
  const secrets = await resolveSecrets(inventory, show);
  const [missing] = missingSecrets(inventory, secrets);
  if (!missing) return secrets;
  throw new UsageError(`there is no secret to write: ${missing.file} does not exist`, {
    hints: [
      'The first provision makes it. For files to install by hand, write a password to it, with mode 0600.',
    ],
  });
}

function standIns({ auth }: Inventory): Secrets {
  return {
    password: auth.password && 'masked',
    application: auth.application && 'masked',
  };
}

function filesOf(inventory: Inventory, host: Host, secrets: Secrets): ReturnType<typeof renderHostFiles> {
  return renderHostFiles({ inventory, host, layout: layoutOf(inventory, host), secrets });
}

type Written = { readonly path: string; readonly mode: number; readonly content: string };

async function writeAll(files: readonly Written[]): Promise<void> {
  for (const { path, mode, content } of files) {
    const temporary = `${path}.${randomBytes(4).toString('hex')}`;
    try {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(temporary, content, { mode, flag: 'wx' });
      await rename(temporary, path);
    } catch (cause) {
      const why = messageOf(cause);
      throw new OperationError(`cannot write ${path}: ${why}`, { cause });
    }
  }
}
