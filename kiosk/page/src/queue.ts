/** What was sold here and the kiosk has not answered for yet, on this device's own disk. */

import { openDB, type DBSchema, type IDBPDatabase, type IDBPObjectStore } from "idb";

import type { Product } from "./api";
import type { Decision } from "./voting";

const DATABASE = "kiosk";
const STORE = "waiting";
/** Some browsers let a database hang for ever; a shopper must not wait for that. */
const PATIENCE_MS = 1500;

/** Why the kiosk will not have it: for a person, who then takes the entry away. */
export interface Refusal {
  code: string;
  message: string;
}

export interface Entry {
  /** Its place in the queue; given by the database. */
  order: number;
  /** Of the sale: the same one twice is one sale. */
  id: string;
  product: Product;
  decision: Decision;
  /** Milliseconds since 1970, by this device's clock. */
  notedAt: number;
  /** The shopper was told that it is noted, and relies on it. */
  isPromised: boolean;
  /** The shopper took it back. It may have been sent already, so the kiosk is told. */
  isUndone: boolean;
  refusal: Refusal | null;
}

interface Schema extends DBSchema {
  [STORE]: { key: number; value: Entry; indexes: { id: string } };
}

type Store = IDBPObjectStore<Schema, [typeof STORE], typeof STORE, "readwrite">;

/** The same database for every page of this kiosk on this device. Each change is on disk before it resolves. */
export class Queue {
  private database: Promise<IDBPDatabase<Schema>> | null = null;

  /** Keeps a decision before anything is sent. False: it cannot be kept here. */
  async note(id: string, product: Product, decision: Decision): Promise<boolean> {
    const state = { isPromised: false, isUndone: false, refusal: null };
    const entry: Omit<Entry, "order"> = { id, product, decision, notedAt: Date.now(), ...state };
    // The database gives the order.
    const added = this.write((store) => store.add(entry as Entry));
    try {
      await inTime(added);
      return true;
    } catch {
      // No database in this browser, none in a private window, or the disk is full: then it is sent without a note.
      // One that comes late after all would be sent again after the shopper was told that it was not bought.
      added.then((order) => this.remove(order)).catch(() => undefined);
      return false;
    }
  }

  /**
   * All of it, the oldest first.
   *
   * @throws errors of every kind where the database cannot be read, or hangs.
   */
  async all(): Promise<Entry[]> {
    return inTime(this.open().then((database) => database.getAll(STORE)));
  }

  async find(id: string): Promise<Entry | undefined> {
    return (await this.open()).getFromIndex(STORE, "id", id);
  }

  /** Changes an entry as it is now, if it is still there. */
  async change(order: number, changes: Partial<Omit<Entry, "order" | "id">>): Promise<void> {
    await this.write(async (store) => {
      const entry = await store.get(order);
      if (entry !== undefined) await store.put({ ...entry, ...changes });
    });
  }

  async remove(order: number): Promise<void> {
    await this.write((store) => store.delete(order));
  }

  /** The kiosk has the sale: its entry goes, unless the shopper has taken it back in the meantime. */
  async settle(order: number): Promise<void> {
    await this.write(async (store) => {
      const entry = await store.get(order);
      if (entry !== undefined && !entry.isUndone) await store.delete(order);
    });
  }

  /** The shopper relies on it from now on. False: the kiosk has answered for it, and it is not here any more. */
  async promise(id: string): Promise<boolean> {
    return this.mark(id, { isPromised: true });
  }

  /** Takes a sale back that the kiosk has not answered for. False: it has, and there is nothing here to take back. */
  async undo(id: string): Promise<boolean> {
    return this.mark(id, { isUndone: true });
  }

  private async mark(id: string, changes: Partial<Entry>): Promise<boolean> {
    return this.write(async (store) => {
      const entry = await store.index("id").get(id);
      if (entry !== undefined) await store.put({ ...entry, ...changes });
      return entry !== undefined;
    });
  }

  private async write<T>(change: (store: Store) => Promise<T>): Promise<T> {
    const database = await this.open();
    const transaction = database.transaction(STORE, "readwrite", { durability: "strict" });
    const [result] = await Promise.all([change(transaction.store), transaction.done]);
    return result;
  }

  private open(): Promise<IDBPDatabase<Schema>> {
    this.database ??= this.openAnew().catch((error: unknown) => {
      this.database = null;
      throw error;
    });
    return this.database;
  }

  private openAnew(): Promise<IDBPDatabase<Schema>> {
    const forget = (): void => {
      this.database = null;
    };
    return openDB<Schema>(DATABASE, 1, {
      upgrade(database) {
        const store = database.createObjectStore(STORE, { keyPath: "order", autoIncrement: true });
        store.createIndex("id", "id", { unique: true });
      },
      // A newer page wants to change the database, or the browser has closed it.
      blocking(_current, _wanted, event) {
        (event.target as IDBDatabase).close();
        forget();
      },
      terminated: forget,
    });
  }
}

function inTime<T>(work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("this device's database does not answer")), PATIENCE_MS);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
