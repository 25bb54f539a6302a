/**
 * Keeps a number of messages on their way: sent, but not yet both answered and arrived. All
 * opponents are driven with the same number.
 */
export class Window {
  #size;
  #sendNext;
  #canSend;
  #sent = 0;
  #answered = 0;
  #arrived = 0;
  #end = 0;
  #finish = { resolve() {}, reject() {} };

  /**
   * @param {number} size
   * @param {(number: number) => void} sendNext
   * @param {() => boolean} [canSend] after false, `pump` must be called
   */
  constructor(size, sendNext, canSend = () => true) {
    this.#size = size;
    this.#sendNext = sendNext;
    this.#canSend = canSend;
  }

  /** Resolves once as many more are answered and have arrived. */
  run(count) {
    this.#end += count;
    const done = new Promise((resolve, reject) => {
      this.#finish = { resolve, reject };
    });
    this.pump();
    return done;
  }

  answer = () => {
    this.#answered += 1;
    this.pump();
  };

  arrive = (count = 1) => {
    this.#arrived += count;
    this.pump();
  };

  fail = (error) => this.#finish.reject(error);

  pump = () => {
    const done = Math.min(this.#answered, this.#arrived);
    while (this.#sent < this.#end && this.#sent - done < this.#size && this.#canSend()) {
      this.#sent += 1;
      this.#sendNext(this.#sent);
    }
    if (done >= this.#end) this.#finish.resolve();
  };
}
