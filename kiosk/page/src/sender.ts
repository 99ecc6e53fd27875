/** Brings what waits on this device to the kiosk: in order, one at a time, each once, however long that takes. */

import { NoAnswerError, RefusedError, sendDecision, TOO_MANY_REQUESTS, undoSale, type Sale } from "./api";
import type { Entry, Queue } from "./queue";
import { inTurn } from "./turns";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 60_000;
/** Under this name the pages on this device take turns, and tell each other of changes. */
const SHARED_NAME = "kiosk-queue";

const NOT_PAIRED = "not_paired";
/** The kiosk cannot keep anything just now: it has not taken the sale. */
const NOT_KEPT = "not_kept";
/** It never heard of it, and if it still comes, it will not be taken. */
const NO_SUCH_SALE = "no_such_sale";
/** It was told before that this sale is not wanted. */
const TAKEN_BACK = "taken_back";
/** Statuses that will be the same however often it is asked; the others are trouble that passes. */
const FOR_GOOD = new Set([400, 409, 413, 415, 422]);

export interface SenderListener {
  /** How it stands now: how many sales shoppers were told are noted, and what the kiosk did not take. */
  changed(noted: number, refused: Entry[]): void;
  /** The kiosk does not know this device any more. */
  notPaired(): void;
}

/** What a try came to: go on with the next, come back to this one later, or leave all of it for later. */
type Result = "done" | "later" | "stop";

interface Waiter {
  resolve(sale: Sale | null): void;
  reject(error: RefusedError): void;
}

export class Sender {
  private readonly waiters = new Map<string, Waiter>();
  private readonly channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(SHARED_NAME);
  private timer = 0;
  private waitMs = FIRST_WAIT_MS;
  private isRunning = false;
  private isWokenAgain = false;
  private hasAdopted = false;

  constructor(
    private readonly queue: Queue,
    private readonly listener: SenderListener,
  ) {
    this.channel?.addEventListener("message", () => void this.tell());
    window.addEventListener("online", () => this.wake());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.wake();
    });
    this.wake();
  }

  /**
   * Sends what was noted under this id. Resolves once the kiosk has it, be that in a moment or in days, with null when
   * another page brought it; never when it is taken back.
   *
   * @throws RefusedError when the kiosk says no, and the shopper does not rely on the note yet.
   */
  deliver(id: string): Promise<Sale | null> {
    const delivered = new Promise<Sale | null>((resolve, reject) => this.waiters.set(id, { resolve, reject }));
    this.announce();
    this.wake();
    return delivered;
  }

  /** The shopper is told that it is noted; from now on only a person takes it out of sight. False: it is settled. */
  async promise(id: string): Promise<boolean> {
    const isHere = await this.queue.promise(id);
    this.announce();
    // The kiosk's answer may have come in the meantime.
    return isHere && this.waiters.has(id);
  }

  /** Takes a sale back that the kiosk has not answered for. False: it has, and is the one to be asked. */
  async undo(id: string): Promise<boolean> {
    const isUndone = await this.queue.undo(id);
    this.waiters.delete(id);
    this.announce();
    this.wake();
    return isUndone;
  }

  /** A person has read that it was refused. */
  async dismiss(entry: Entry): Promise<void> {
    await this.queue.remove(entry.order);
    this.announce();
  }

  /** Tries now: the kiosk may be back. */
  wake(): void {
    window.clearTimeout(this.timer);
    this.waitMs = FIRST_WAIT_MS;
    void this.run();
  }

  /** Takes over what earlier pages left: the shoppers have gone, and rely on it. */
  private async adopt(): Promise<void> {
    if (this.hasAdopted) return;
    for (const { id } of await this.queue.all()) await this.queue.promise(id);
    this.hasAdopted = true;
  }

  private async run(): Promise<void> {
    if (this.isRunning) {
      this.isWokenAgain = true;
      return;
    }
    this.isRunning = true;
    let isTroubled = true;
    try {
      do {
        this.isWokenAgain = false;
        await this.adopt();
        isTroubled = await this.sendAll();
        await this.tell();
      } while (this.isWokenAgain);
    } catch (error) {
      // This device's database fails with errors of every kind. What waits in it is still there.
      isTroubled = true;
      console.warn("what is noted on this device cannot be read; trying again", error);
    } finally {
      this.isRunning = false;
      if (isTroubled) this.tryLater();
    }
  }

  private tryLater(): void {
    window.clearTimeout(this.timer);
    // Not all tablets at the same moment.
    this.timer = window.setTimeout(() => void this.run(), this.waitMs * (0.75 + Math.random() / 2));
    this.waitMs = Math.min(this.waitMs * 2, LONGEST_WAIT_MS);
  }

  /** One try for each. True when something is left to try again. */
  private async sendAll(): Promise<boolean> {
    let isTroubled = false;
    for (let after = 0; ; ) {
      const [order, result] = await inTurn(SHARED_NAME, () => this.sendFirst(after));
      if (result === "stop") return true;
      if (result === "later") isTroubled = true;
      if (order === null) return isTroubled;
      after = result === "later" ? order : after;
      if (result === "done") this.announce();
    }
  }

  private async sendFirst(after: number): Promise<[order: number | null, Result]> {
    const entry = (await this.queue.all()).find(({ order, refusal }) => order > after && refusal === null);
    return entry === undefined ? [null, "done"] : [entry.order, await this.send(entry)];
  }

  private async send(entry: Entry): Promise<Result> {
    try {
      const result = entry.isUndone ? await this.sendUndo(entry) : await this.sendSale(entry);
      this.waitMs = FIRST_WAIT_MS;
      return result;
    } catch (error) {
      if (error instanceof NoAnswerError) return "stop";
      if (!(error instanceof RefusedError)) throw error;
      if (error.code === NOT_PAIRED) this.listener.notPaired();
      if (error.code === NOT_PAIRED || error.status === TOO_MANY_REQUESTS) return "stop";
      return this.settleRefusal(entry, error);
    }
  }

  private async sendSale({ order, id, decision }: Entry): Promise<Result> {
    const sale = await sendDecision(id, decision);
    this.finish(id, sale);
    await this.queue.settle(order);
    return "done";
  }

  private async sendUndo({ order, id }: Entry): Promise<Result> {
    try {
      await undoSale(id);
    } catch (error) {
      if (!(error instanceof RefusedError && error.code === NO_SUCH_SALE)) throw error;
    }
    await this.queue.remove(order);
    return "done";
  }

  private async settleRefusal({ order, id, isUndone }: Entry, error: RefusedError): Promise<Result> {
    const now = await this.queue.find(id);
    if (now === undefined || now.isUndone !== isUndone) return "done";
    if (error.code === TAKEN_BACK) {
      this.finish(id, null);
      await this.queue.remove(order);
      return "done";
    }
    const isDeclined = error.code === NOT_KEPT && !now.isPromised && !isUndone;
    if (!FOR_GOOD.has(error.status) && !isDeclined) return "later";
    if (this.waiters.has(id) && !now.isPromised) {
      await this.queue.remove(order);
      this.waiters.get(id)?.reject(error);
      this.waiters.delete(id);
    } else {
      await this.queue.change(order, { refusal: { code: error.code, message: error.message } });
    }
    return "done";
  }

  private finish(id: string, sale: Sale | null): void {
    this.waiters.get(id)?.resolve(sale);
    this.waiters.delete(id);
  }

  private announce(): void {
    this.channel?.postMessage(null);
    void this.tell();
  }

  private async tell(): Promise<void> {
    let entries: Entry[];
    try {
      entries = await this.queue.all();
    } catch {
      // What was told last still holds; `run` tries again.
      return;
    }
    const here = new Set(entries.map(({ id }) => id));
    for (const id of this.waiters.keys()) if (!here.has(id)) this.finish(id, null);
    const refused = entries.filter(({ refusal }) => refusal !== null);
    const noted = entries.filter(({ isPromised, isUndone, refusal }) => isPromised && !isUndone && refusal === null);
    this.listener.changed(noted.length, refused);
  }
}
