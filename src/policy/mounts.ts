import {
  type FieldRule,
  type Findings,
  depends,
  elementsOf,
  entriesOf,
  nothing,
  shown,
  textOf,
  together,
  violation,
} from './decision.ts';

/** A mount that a request asks for, whichever of the fields says so. */
interface MountWish {
  type: 'bind' | 'volume' | 'anonymous' | 'tmpfs' | 'other';
  /** as the user would type it */
  flag: string;
  /** a path of the laptop, or a volume's name; empty where there is none */
  source: string;
  /** in the container */
  target: string;
}

/**
 * The mounts of every field in one form, so that no check looks at some fields and forgets another (the class of CVE-2026-6406: the socket came in Mounts,
 * the check read Binds).
 */
function mountWishes(field: string, value: unknown): MountWish[] {
  switch (field) {
    case 'Binds':
      return elementsOf(value).map(fromBind);
    case 'Mounts':
      return elementsOf(value).map(fromMount);
    case 'Tmpfs':
      return entriesOf(value).map(([path]) => ({
        type: 'tmpfs',
        flag: `--tmpfs ${shown(path)}`,
        source: '',
        target: path,
      }));
    case 'VolumesFrom':
      return elementsOf(value).map(from => ({
        type: 'volume',
        flag: `--volumes-from ${shown(from)}`,
        source: '',
        target: '',
      }));
    default:
      return [];
  }
}

/** The rule of one of the fields that mount. */
export function mountField(field: string, flag: string, note: string): FieldRule {
  return depends(flag, note, value => together(mountWishes(field, value).map(judge)));
}

function judge({type, flag, source, target}: MountWish): Findings {
  if (type === 'anonymous') {
    return {
      violations: [],
      warnings: [
        `${flag} has no effect: an anonymous volume stays in the container's own layer, and goes with it`,
      ],
    };
  }
  if (isDockerSocket(source) || isDockerSocket(target)) {
    return violation({
      code: 'BAD-305',
      flag,
      sentence: 'The Docker socket is on this machine, and the container is not.',
      fix: 'Leave it out; Testcontainers works without its reaper: TESTCONTAINERS_RYUK_DISABLED=true.',
    });
  }
  switch (type) {
    case 'bind':
      return mountViolation(
        flag,
        'The container runs in the cluster, where the files of this machine are not; bringing them there is not built yet.',
        'Put the files into the image.',
      );
    case 'volume':
      return mountViolation(
        flag,
        'Volumes are not built yet.',
        'Leave it out; what the container writes stays in its own layer until it is removed.',
      );
    case 'tmpfs':
      return mountViolation(
        flag,
        'Memory file systems are not built yet.',
        "Leave it out; the path is then in the container's own layer, on disk.",
      );
    case 'other':
      return mountViolation(
        flag,
        'Of the types of mounts, Pods here have none of this one.',
        'Leave it out.',
      );
  }
}

function mountViolation(flag: string, sentence: string, fix: string): Findings {
  return violation({code: 'BAD-304', flag, sentence, fix});
}

/** `/src:/dst:ro`, `name:/dst`, `/dst`; also a Windows client's `C:\src:/dst`. */
function fromBind(bind: unknown): MountWish {
  const text = textOf(bind);
  const windows = /^[a-z]:[\\/]/i.test(text);
  const colon = text.indexOf(':', windows ? 2 : 0);
  const source = colon === -1 ? '' : text.slice(0, colon);
  const flag = `--volume ${shown(bind)}`;
  if (colon === -1) {
    return {type: 'anonymous', flag, source: '', target: text};
  }
  return {
    type: windows || /^[./~\\]/.test(source) ? 'bind' : 'volume',
    flag,
    source,
    target: text.slice(colon + 1).replace(/:[^/]*$/, ''),
  };
}

function fromMount(mount: unknown): MountWish {
  const fields = new Map(entriesOf(mount));
  const [type = '', source = '', target = ''] = ['Type', 'Source', 'Target'].map(name =>
    textOf(fields.get(name)),
  );
  const described = [`type=${type || '?'}`, ...(source ? [`source=${source}`] : []), `target=${target}`].join(
    ',',
  );
  const flag = `--mount ${shown(described)}`;
  switch (type) {
    case 'bind':
    case 'tmpfs':
      return {type, flag, source, target};
    case 'volume':
      return {type: source === '' ? 'anonymous' : 'volume', flag, source, target};
    default:
      return {type: 'other', flag, source, target};
  }
}

/** Any file of that name, at either end: rootless and Desktop engines have theirs elsewhere, and `--use-api-socket` takes ours. */
function isDockerSocket(source: string): boolean {
  return /(?:^|[\\/])docker\.sock[\\/.]*$/i.test(source);
}

/** A driver means something only for volumes, which the other fields refuse. */
export const volumeDriver: FieldRule = depends(
  '--volume-driver',
  'the volumes it is for are refused (BAD-304)',
  () => nothing,
);
