interface LogDetails {
  labels: Readonly<Record<string, string>>;
  /** `NAME=value` */
  environment: readonly string[];
  /** of the log driver */
  options: Readonly<Record<string, string>>;
}

/**
 * What `docker logs --details` shows of a container: the labels and the variables that its log options `labels` and `env` name, as
 * `key=value,key=value`, escaped as in a query and in order.
 */
export function logDetails({labels, environment, options}: LogDetails): string {
  const variables = new Map(environment.map(cut));
  const attributes = [
    ...named(options['labels'] ?? '', name => labels[name]),
    ...named(options['env'] ?? '', name => variables.get(name)),
  ];
  return attributes
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join(',');
}

function named(
  names: string,
  valueOf: (name: string) => string | undefined,
): [name: string, value: string][] {
  return names.split(',').flatMap((name): [string, string][] => {
    const value = valueOf(name);
    return name === '' || value === undefined ? [] : [[name, value]];
  });
}

function cut(variable: string): [name: string, value: string] {
  const mark = variable.indexOf('=');
  return mark === -1 ? [variable, ''] : [variable.slice(0, mark), variable.slice(mark + 1)];
}
