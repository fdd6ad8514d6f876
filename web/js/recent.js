const KEPT_MS = 30_000;
const MOST = 100;

/**
 * Ids that were written a moment ago. The service's listing follows a write after a moment; with
 * these ids it shows those feedbacks as they are now.
 */
export class RecentWrites {
  #times = new Map();

  /** Remembers ids, the latest of them if they are many. */
  add(ids) {
    const now = Date.now();
    for (const id of ids) {
      this.#times.delete(id);
      this.#times.set(id, now);
    }
    this.#forget(now);
  }

  get ids() {
    this.#forget(Date.now());
    return [...this.#times.keys()];
  }

  #forget(now) {
    for (const [id, time] of this.#times) {
      if (this.#times.size > MOST || now - time > KEPT_MS) this.#times.delete(id);
    }
  }
}
