import {familiarName, familiarReference, parseImageReference} from '../wire/image-reference.ts';
import type {Healthcheck, ImageRecord} from './image-record.ts';

/** `GET /images/{name}/json` of API 1.51, as dockerd answers with the containerd image store. */
export interface ImageInspect {
  Id: string;
  RepoTags: string[];
  RepoDigests: string[];
  Parent: string;
  Comment: string;
  Created: string;
  DockerVersion: string;
  Author: string;
  Config: ImageInspectConfig;
  Architecture: string;
  Variant?: string;
  Os: string;
  Size: number;
  GraphDriver: {Name: string; Data: null};
  RootFS: {Type: string; Layers: string[]};
  Metadata: {LastTagTime: string};
  Descriptor: {mediaType: string; digest: string; size: number};
}

/** What is empty is left out, as in Docker since 1.50. */
interface ImageInspectConfig {
  User?: string;
  ExposedPorts?: Record<string, object>;
  Env?: string[];
  Entrypoint?: string[];
  Cmd?: string[];
  Volumes?: Record<string, object>;
  WorkingDir?: string;
  Labels?: Record<string, string>;
  StopSignal?: string;
  Healthcheck?: Healthcheck;
  Shell?: string[];
}

/** One image of `GET /images/json`. */
export interface ImageSummary {
  Id: string;
  ParentId: string;
  RepoTags: string[];
  RepoDigests: string[];
  /** seconds since 1970 */
  Created: number;
  /** bytes, as in the registry */
  Size: number;
  /** -1: not worked out */
  SharedSize: number;
  Labels: Record<string, string>;
  /** -1: not worked out */
  Containers: number;
  Descriptor: {mediaType: string; digest: string; size: number};
}

/** `docker inspect` of an image; `all` tells its other names. */
export function imageInspect(image: ImageRecord, all: readonly ImageRecord[]): ImageInspect {
  return {
    Id: image.id,
    ...namesOf(image.id, all),
    Parent: '',
    Comment: '',
    Created: image.created,
    DockerVersion: '',
    Author: image.author,
    Config: inspectConfig(image),
    Architecture: image.architecture,
    ...(image.variant === '' ? {} : {Variant: image.variant}),
    Os: image.os,
    Size: image.size,
    GraphDriver: {Name: 'overlayfs', Data: null},
    RootFS: {Type: 'layers', Layers: image.diffIds},
    Metadata: {LastTagTime: image.pulledAt},
    Descriptor: descriptor(image),
  };
}

/** `docker images`: one line for each image, newest first; names of the same image share it. */
export function imageSummaries(images: readonly ImageRecord[]): ImageSummary[] {
  const byId = new Map(images.toReversed().map(image => [image.id, image]));
  return Array.from(byId.values(), image => imageSummary(image, images)).toSorted(
    (a, b) => b.Created - a.Created,
  );
}

function imageSummary(image: ImageRecord, all: readonly ImageRecord[]): ImageSummary {
  return {
    Id: image.id,
    ParentId: '',
    ...namesOf(image.id, all),
    Created: seconds(image.created),
    Size: image.size,
    SharedSize: -1,
    Labels: image.config.Labels,
    Containers: -1,
    Descriptor: descriptor(image),
  };
}

function namesOf(id: string, all: readonly ImageRecord[]): {RepoTags: string[]; RepoDigests: string[]} {
  const references = all.filter(image => image.id === id).map(image => parseImageReference(image.reference));
  const tags = references.filter(({digest}) => digest === undefined).map(familiarReference);
  const digests = references.map(reference => `${familiarName(reference)}@${id}`);
  return {RepoTags: tags.toSorted(), RepoDigests: [...new Set(digests)].toSorted()};
}

function inspectConfig({config}: ImageRecord): ImageInspectConfig {
  const {User, Env, Entrypoint, Cmd, WorkingDir, Labels, Shell} = config;
  return {
    ...(User === '' ? {} : {User}),
    ...(config.ExposedPorts.length === 0 ? {} : {ExposedPorts: goSet(config.ExposedPorts)}),
    ...(Env.length === 0 ? {} : {Env}),
    ...(Entrypoint.length === 0 ? {} : {Entrypoint}),
    ...(Cmd.length === 0 ? {} : {Cmd}),
    ...(config.Volumes.length === 0 ? {} : {Volumes: goSet(config.Volumes)}),
    ...(WorkingDir === '' ? {} : {WorkingDir}),
    ...(Object.keys(Labels).length === 0 ? {} : {Labels}),
    ...(config.StopSignal === undefined ? {} : {StopSignal: config.StopSignal}),
    ...(config.Healthcheck === undefined ? {} : {Healthcheck: config.Healthcheck}),
    ...(Shell.length === 0 ? {} : {Shell}),
  };
}

function descriptor({mediaType, id, manifestSize}: ImageRecord) {
  return {mediaType, digest: id, size: manifestSize};
}

function goSet(keys: readonly string[]): Record<string, object> {
  return Object.fromEntries(keys.map(key => [key, {}]));
}

function seconds(time: string): number {
  const milliseconds = Date.parse(time);
  return Number.isNaN(milliseconds) ? 0 : Math.floor(milliseconds / 1000);
}
