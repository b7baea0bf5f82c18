/**
 * A JSON merge patch (RFC 7386); with `listsByName`, lists of objects with a name are merged by it, which is what Kubernetes' strategic merge patch does to
 * the containers of a Pod. Unknown input, so the result is only believed to be a T.
 */
export function mergePatch<T>(target: T, patch: object, options: {listsByName: boolean}): T {
  return merged(target, patch, options.listsByName) as T;
}

function merged(target: unknown, patch: unknown, listsByName: boolean): unknown {
  if (
    Array.isArray(patch) &&
    Array.isArray(target) &&
    listsByName &&
    patch.every(isNamed) &&
    target.every(isNamed)
  ) {
    const known = target.map(entry => {
      const change = patch.find(({name}) => name === entry.name);
      return change ? merged(entry, change, listsByName) : entry;
    });
    return [...known, ...patch.filter(({name}) => !target.some(entry => entry.name === name))];
  }
  if (!isObject(patch)) return patch;
  const result: Record<string, unknown> = isObject(target) ? {...target} : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = merged(result[name], value, listsByName);
  }
  return result;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function isNamed(value: unknown): value is {name: string} {
  return isObject(value) && typeof value['name'] === 'string';
}
