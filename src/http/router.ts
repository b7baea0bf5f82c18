/** The names in braces of a path: `/exec/{id}/start` → `id`. */
export type ParamsOf<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? {readonly [K in Name | keyof ParamsOf<Rest>]: string}
  : {readonly [K in never]: string};

interface Route<Target> {
  method: string;
  pattern: RegExp;
  target: Target;
}

/** Finds what serves a method and path: the first route that fits, in the order in which they were given. */
export class Router<Target> {
  readonly #routes: readonly Route<Target>[];

  /** A parameter matches slashes too, greedily, as in moby: image names have them (`/images/{name}/json`). */
  constructor(routes: Iterable<{method: string; path: string; target: Target}>) {
    this.#routes = Array.from(routes, ({method, path, target}) => ({
      method,
      pattern: patternFor(path),
      target,
    }));
  }

  find(method: string, path: string): {target: Target; params: Record<string, string>} | undefined {
    for (const route of this.#routes) {
      const match = route.method === method ? route.pattern.exec(path) : null;
      if (match) return {target: route.target, params: {...match.groups}};
    }
    return undefined;
  }
}

function patternFor(path: string): RegExp {
  const source = path.replace(/[.*+?^$()|[\]\\]/g, String.raw`\$&`).replace(/\{(\w+)\}/g, '(?<$1>.+)');
  return new RegExp(`^${source}$`, 's');
}
