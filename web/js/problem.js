/** Something that went wrong, in words that say what to do. */
export class Problem extends Error {
  /**
   * @param {string} message
   * @param {number | null} status with which the API answered, if it did
   */
  constructor(message, status = null) {
    super(message);
    this.status = status;
  }
}
