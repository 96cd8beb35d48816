import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cli, createCli } from '../../support/cli.ts';
import { expectCode, localNodes, portsFrom } from '../provision/support.ts';

let cli: Cli;

beforeAll(async () => {
  cli = await createCli(localNodes(portsFrom(7000)));
});
afterAll(() => cli?.close());

async function shellSays(shell: string, script: string): Promise<readonly string[]> {
  const result = await cli.shell(`${shell} '${script.replaceAll("'", String.raw`'\''`)}'`);
  expectCode(result, 0);
  return result.stdout.trim().split('\n');
}

const inBash = (line: string): Promise<readonly string[]> =>
  shellSays(
    'bash --norc -c',
    `source <(weedgo-redis completion bash)
COMP_LINE='${line}' COMP_POINT=\${#COMP_LINE}
_weedgo_redis
printf '%s\\n' "\${COMPREPLY[@]}"`,
  );

const inFish = (line: string): Promise<readonly string[]> =>
  shellSays('fish --no-config -c', `weedgo-redis completion fish | source; complete -C '${line}'`);

test('bash offers commands, options, values and the names of the inventory', async () => {
  expect(await inBash('weedgo-redis ba')).toEqual(['balance-masters']);
  expect(await inBash('weedgo-redis verify --w')).toEqual(['--write-test', '--what-if', '--watch']);
  expect(await inBash('weedgo-redis verify --fail-on ')).toEqual(['warning', 'critical']);
  expect(await inBash('weedgo-redis --json drain ')).toEqual(['local']);
  // Readline has kept what stands before the colon.
  expect(await inBash('weedgo-redis failover local:700')).toEqual(portsFrom(7000).map(String));
  expect(await inBash('weedgo-redis -i weedgo-re')).toEqual(['weedgo-redis.yaml']);
  expect(await inBash('weedgo-redis -i not-there.yaml restart ')).toEqual(['all']);
});

test('fish offers them with what they are', async () => {
  expect(await inFish('weedgo-redis drain lo')).toEqual(['local\thost']);
  expect(await inFish('weedgo-redis restart local:7003')).toEqual(['local:7003\tnode']);
  expect((await inFish('weedgo-redis -i weedgo-re')).join()).toContain('weedgo-redis.yaml');
});

test('zsh completes at a terminal', async () => {
  const seen = await shellSays(
    'zsh -fc',
    `zmodload zsh/zpty
zpty shell zsh -fi
zpty -w shell 'autoload -U compinit; compinit -u -D; source <(weedgo-redis completion zsh); PS1=prompt- ; print loa''ded'
zpty -r shell line '*loaded*'
zpty -w -n shell $'weedgo-redis balan\\t'
zpty -r shell line '*balance-masters*' && print found
zpty -w -n shell $'\\C-uweedgo-redis failover local:7004\\t'
zpty -r shell line '*local:7004 *' && print found
zpty -d shell`,
  );
  expect(seen).toEqual(['found', 'found']);
});

test('another shell is refused, with those that are known', async () => {
  const refused = await cli.run('completion', 'tcsh');
  expectCode(refused, 2);
  expect(refused.stderr).toContain('completion knows bash, zsh and fish, not "tcsh"');
});
