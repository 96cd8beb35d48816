/** A message with the node or host that it is about before it, unless it names it itself. */
export function withPlace(
  { node, host }: { readonly node?: string | undefined; readonly host?: string | undefined },
  message: string,
): string {
  const place = node ?? host;
  if (place === undefined) return message;
  const words = message.split(/[\s()",;]+/).map((word) => word.replace(/[:.]+$/, ''));
  const isNamed = words.some((word) => word === place || word.startsWith(`${place}:`));
  return isNamed ? message : `${place}: ${message}`;
}
