/** Counts what has reached the devices. */
export class Arrivals {
  count = 0;
  #onNext = () => {};

  add() {
    this.count += 1;
    this.#onNext();
  }

  next() {
    return new Promise((resolve) => {
      this.#onNext = resolve;
    });
  }
}
