/** What was looked at as OSCAL knows it: the product as this system, its devices, images and updates as inventory. */
import type { Report } from '../../../core/model/report.ts';
import { nameOf, type Subject } from '../../../core/model/target.ts';
import { uuidOf } from '../../../lib/uuid.ts';
import { line, markup, type Property, property } from './words.ts';

export interface SubjectReference {
  readonly 'subject-uuid': string;
  readonly type: 'component' | 'inventory-item';
  readonly title: string;
}

interface Item {
  readonly uuid: string;
  readonly description: string;
  readonly props: readonly Property[];
}

export interface Inventory {
  readonly product: object;
  readonly items: readonly Item[];
  refer(subject: Subject): SubjectReference;
}

/** `scope` keeps the UUIDs of one result apart from those of the next. */
export function inventoryOf({ target }: Report, scope: string): Inventory {
  const uuid = (...name: readonly string[]): string => uuidOf('oscal', 'inventory', scope, target.name, ...name);
  const item = (kind: string, name: string, props: readonly Property[]): Item => ({
    uuid: uuid(kind, name),
    description: markup(`${kind} ${name}`),
    props: [property('kind', kind), property('name', name), ...props],
  });
  const devices = new Map([...new Set(target.devices)].map((host) => [host, item('device', host, [])]));
  const files = new Map(
    (['firmware', 'update'] as const).flatMap((kind) =>
      target[kind === 'firmware' ? 'firmware' : 'updates'].map((file) => {
        const props = [property('sha256', file.sha256), property('size', String(file.size))];
        return [file.path, item(kind, file.path, props)] as const;
      }),
    ),
  );
  const itemOf = (subject: Subject): Item | undefined =>
    'host' in subject ? devices.get(subject.host) : files.get(fileOf(subject));
  return {
    product: productOf(target, uuid('product')),
    items: [...devices.values(), ...files.values()],
    refer(subject) {
      const found = itemOf(subject);
      return {
        'subject-uuid': found?.uuid ?? uuid('product'),
        type: found === undefined ? 'component' : 'inventory-item',
        title: markup(subject.kind === 'target' ? target.name : nameOf(subject)),
      };
    },
  };
}

/** The file on the desk that a part of an image or update came from: what stands before the first `!`. */
function fileOf(subject: Subject): string {
  if (subject.kind === 'file') return subject.path.split('!', 1)[0] ?? '';
  if (subject.kind === 'image' || subject.kind === 'region') return subject.image;
  return subject.kind === 'update' ? subject.update : '';
}

function productOf(target: Report['target'], uuid: string): object {
  const details = Object.entries(target.product ?? {}).map(([name, value]) => property(name, value));
  return {
    uuid,
    type: 'this-system',
    title: markup(target.name),
    description: markup(`The product that was looked at: ${target.name}`),
    props: [property('state', target.state), ...details],
    status: { state: 'other', remarks: line('assay does not know whether the product is in use') },
  };
}
