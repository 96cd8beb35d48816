/** The first lines of every file that the tool writes; they mark it as ours. */
export type Header = {
  /** undefined in files that all clusters of a host share. */
  readonly cluster: string | undefined;
  readonly node: string | undefined;
};

const mark =
  '# managed by weedgo-redis; the next provision undoes changes made here: edit the inventory instead';

export function renderHeader({ cluster, node }: Header): string {
  return [
    mark,
    ...(cluster === undefined ? [] : [`# cluster: ${cluster}`]),
    ...(node === undefined ? [] : [`# node: ${node}`]),
  ].join('\n');
}

/** Whose file this is; undefined when it is not ours. */
export function parseHeader(text: string): Header | undefined {
  const [first = '', ...rest] = text.split('\n', 3);
  if (!first.startsWith('# managed by weedgo-redis')) return undefined;
  const field = (name: string): string | undefined =>
    rest.find((line) => line.startsWith(`# ${name}: `))?.slice(name.length + 4);
  return { cluster: field('cluster'), node: field('node') };
}
