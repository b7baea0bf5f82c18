/**
 * The names that we put on Kubernetes objects. Docker's labels never become Kubernetes labels: they stay in the record, unchanged.
 */
export const MANAGED_BY_LABEL = 'app.kubernetes.io/managed-by';
export const MANAGED_BY = 'badidea';
/** Whose objects these are: two people in one namespace do not see each other's. */
export const OWNER_LABEL = 'badidea.dev/owner';
/** The first 32 characters of the container's id (a label holds at most 63). */
export const ID_LABEL = 'badidea.dev/id';
/** On a held Pod that no container has adopted yet. */
export const WARM_LABEL = 'badidea.dev/warm';

/** The type of the Secret that holds a container's record. */
export const CONTAINER_SECRET_TYPE = 'badidea.dev/container';

/** The name of a container's Pod and of its Secret. */
export function objectName(containerId: string): string {
  return `bad-${containerId.slice(0, 20)}`;
}

/** The labels of every object of ours. */
export function ownLabels(owner: string): Record<string, string> {
  return {[MANAGED_BY_LABEL]: MANAGED_BY, [OWNER_LABEL]: owner};
}
