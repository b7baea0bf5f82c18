import {Conflict, NotFound} from '../errors.ts';
import type {Container} from './container.ts';

/** Finds containers by whatever a client says: id, unique prefix of an id, name with or without its slash. */
export class ContainerIndex {
  readonly #byId = new Map<string, Container>();
  readonly #byName = new Map<string, string>();

  [Symbol.iterator](): IterableIterator<Container> {
    return this.#byId.values();
  }

  /** @throws NotFound, Conflict when a prefix fits more than one */
  find(reference: string): Container {
    const name = reference.replace(/^\//, '');
    const exact = this.#byId.get(reference) ?? this.#byId.get(this.#byName.get(name) ?? '');
    if (exact) return exact;
    const fitting = /^[0-9a-f]+$/.test(reference)
      ? [...this.#byId.values()].filter(({id}) => id.startsWith(reference))
      : [];
    if (fitting.length > 1) throw new Conflict(`multiple IDs found with provided prefix: ${reference}`);
    const [only] = fitting;
    if (only === undefined) throw new NotFound(`No such container: ${reference}`);
    return only;
  }

  get(id: string): Container | undefined {
    return this.#byId.get(id);
  }

  hasName(name: string): boolean {
    return this.#byName.has(name);
  }

  /** Takes a name before its container exists, so that two requests at once cannot both have it; ask `requireFree` first, in the same breath. */
  reserve(name: string, id: string): void {
    this.#byName.set(name, id);
  }

  /** @throws Conflict in Docker's words when a container has the name */
  requireFree(name: string): void {
    const holder = this.#byName.get(name);
    if (holder !== undefined) {
      throw new Conflict(
        `Conflict. The container name "/${name}" is already in use by container "${holder}". You have to remove (or rename) that container to be able to reuse that name.`,
      );
    }
  }

  release(name: string, id: string): void {
    if (this.#byName.get(name) === id) this.#byName.delete(name);
  }

  add(container: Container): void {
    this.#byId.set(container.id, container);
    this.#byName.set(container.name, container.id);
  }

  delete(container: Container): void {
    this.#byId.delete(container.id);
    this.release(container.name, container.id);
  }
}
