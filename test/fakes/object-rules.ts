import type {ConfigMap, Pod, Secret} from '../../src/cluster/cluster.ts';
import {isOurs} from '../../src/cluster/ownership.ts';

export function imagesOf(pod: Pod): string {
  return (pod.spec?.containers ?? []).map(({image}) => image).join(' ');
}

/** With a uid that object and no other; without one, whatever of that name is ours. */
export function isMeant(object: Pod | Secret, owner: string, uid: string | undefined): boolean {
  return uid === undefined ? isOurs(object, owner) : object.metadata?.uid === uid;
}

/** The API server stores `stringData` in `data`. */
export function encoded<T extends {stringData?: unknown; data?: unknown}>(secret: T): T {
  const {stringData, ...rest} = secret;
  if (typeof stringData !== 'object' || stringData === null) return secret;
  const added = Object.entries(stringData).map(([name, text]) => [
    name,
    Buffer.from(String(text)).toString('base64'),
  ]);
  return {
    ...rest,
    data: {...(typeof rest.data === 'object' ? rest.data : {}), ...Object.fromEntries(added)},
  } as T;
}

export function sameContent(one: ConfigMap, other: ConfigMap): boolean {
  return JSON.stringify([one.data, one.binaryData]) === JSON.stringify([other.data, other.binaryData]);
}
