/** Something that went wrong, in words that say what to do. */
export class Problem extends Error {
  /** @param {string} message @param {{status?: number, code?: string, details?: unknown}} facts */
  constructor(message, { status = 0, code = "", details = undefined } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}
