import type {Cluster} from '../cluster/cluster.ts';
import type {PolicySettings} from '../policy/decision.ts';
import type {DialPort, PortRequest, Publication} from '../ports/forwarder.ts';
import type {ContainerImage} from '../translate/container-record.ts';
import type {PodSettings} from '../translate/pod-for-container.ts';
import type {EventLog} from './event-log.ts';

/** What the engine is made with; the composition root fills it. */
export interface EngineContext {
  readonly cluster: Cluster;
  /** The cluster tells at once that a container runs, and not up to a second later. */
  readonly relistsOnDemand: boolean;
  readonly podSettings: PodSettings;
  readonly events: EventLog;
  readonly policy: PolicySettings;
  /** The image of a reference that was pulled. @throws NotFound in Docker's words */
  resolveImage(reference: string): ContainerImage;
  publishPorts(requests: PortRequest[], dial: DialPort): Promise<Publication>;
  /** nanoseconds since 1970 */
  now(): bigint;
  log(message: string, detail?: Record<string, unknown>): void;
}
