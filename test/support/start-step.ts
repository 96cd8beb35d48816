import type { HostStep } from '../../src/host/step.ts';
import type { Service } from '../../src/host/service.ts';
import { clearStart } from '../../src/host/start/clearance.ts';
import { noWord } from '../../src/host/start/word.ts';
import type { NodeLayout } from '../../src/render/layout.ts';

/** The start of a node in whose folder nothing lies, so that it may be started. */
export function startStep(
  service: Service,
  layout: NodeLayout,
): Extract<HostStep, { kind: 'start-service' }> {
  const verdict = clearStart(service, {
    layout,
    host: layout.node.host,
    nodes: [layout.node.id],
    server: { kind: 'redis', version: '7.0.15' },
    directives: {},
    onDisk: undefined,
    data: { folder: { kind: 'absent' }, leftBehind: undefined, asides: [] },
    word: noWord,
  });
  if (!verdict.cleared) throw new Error('refused');
  return { kind: 'start-service', ...verdict.cleared };
}
