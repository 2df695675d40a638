import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

import { bytesOf, type SystemCall } from "./strace.ts";

/** A change to a file's bytes. */
type Change =
  | { readonly kind: "write"; readonly offset: number; readonly data: Uint8Array }
  | { readonly kind: "truncate"; readonly size: number };

interface Pending<Item> {
  readonly item: Item;
  /** Line of the trace at which it was done. */
  readonly at: number;
}

/** One file, whatever its names. */
class Inode {
  durable: Uint8Array = new Uint8Array(0);
  /** Done and not synced. */
  pending: Pending<Change>[] = [];
  size = 0;
}

/** A name that came (or, with null, went). */
interface Naming {
  readonly name: string;
  readonly inode: Inode | "directory" | null;
}

class Directory {
  readonly durable = new Map<string, Inode | "directory">();
  pending: Pending<Naming>[] = [];
}

/** Whether a change that was not synced made it to the disk all the same. */
type Chance = () => boolean;

/**
 * What POSIX promises of a directory tree after a power cut, computed from a trace: a file's bytes are durable once
 * `fsync` of it has returned, a name once `fsync` of its directory has. Nothing else is, though most file systems are
 * kinder. After a failed `fsync` the kernel believes the pages clean: what was pending is lost however often one syncs
 * again, unless it is written again.
 */
export class DiskModel {
  readonly #root: string;
  readonly #directories = new Map<string, Directory>();
  /** What a running process sees. */
  readonly #names = new Map<string, Inode>();
  readonly #open = new Map<number, { readonly path: string; readonly inode: Inode | null; offset: number }>();

  /** @param root  a directory, all of it durable; what happens outside it does not matter */
  constructor(root: string) {
    this.#root = root;
    this.#read(root);
  }

  #read(path: string): Directory {
    const directory = new Directory();
    this.#directories.set(path, directory);
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const at = join(path, entry.name);
      if (entry.isDirectory()) {
        this.#read(at);
        directory.durable.set(entry.name, "directory");
      } else {
        const inode = new Inode();
        inode.durable = new Uint8Array(readFileSync(at));
        inode.size = inode.durable.length;
        this.#names.set(at, inode);
        directory.durable.set(entry.name, inode);
      }
    }
    return directory;
  }

  readonly #handlers: Readonly<Record<string, (call: SystemCall) => void>> = {
    fsync: (call) => this.#sync(call),
    fdatasync: (call) => this.#sync(call),
    openat: (call) => this.#opened(call),
    open: (call) => this.#opened(call),
    close: ({ args }) => this.#open.delete(Number(args[0])),
    write: (call) => this.#wrote(call),
    pwrite64: (call) => this.#wrote(call),
    ftruncate: (call) => this.#truncated(call),
    mkdir: (call) => this.#madeDirectory(call),
    link: (call) => this.#linked(call),
    rename: (call) => this.#renamed(call),
    unlink: ({ args, ended }) => this.#remove(pathOf(args[0]), ended),
    rmdir: ({ args, ended }) => this.#remove(pathOf(args[0]), ended),
  };

  /** Takes the next call, in the order of a trace. */
  apply(call: SystemCall): void {
    const handle = this.#handlers[call.name];
    if (handle === undefined) this.#requireOutside(call);
    else if (call.result >= 0 || call.name === "fsync" || call.name === "fdatasync") handle(call);
  }

  /** Changes and new names under the root that no `fsync` has covered, but for files that {@link isExempt} names. */
  unsynced(isExempt: (path: string) => boolean): string[] {
    const files = [...this.#names].filter(([, inode]) => inode.pending.length > 0).map(([path]) => path);
    const names = [...this.#directories].flatMap(([path, { durable, pending }]) =>
      pending
        .filter(({ item: { name, inode } }) => inode !== null && durable.get(name) !== inode)
        // Nothing is lost with an empty file.
        .filter(({ item: { inode } }) => !(inode instanceof Inode && inode.size === 0))
        .map(({ item: { name } }) => join(path, name))
        // A temporary name that is gone again needs no sync.
        .filter((name) => this.#names.has(name) || this.#directories.has(name)),
    );
    return [...new Set([...files, ...names])].filter((path) => !isExempt(path));
  }

  /** What a power cut would leave of a file whose name is durable; null for others. */
  durable(path: string): Uint8Array | null {
    const inode = this.#directories.get(dirname(path))?.durable.get(basename(path));
    return inode instanceof Inode ? inode.durable : null;
  }

  /** Writes into the empty directory `target` what a power cut now would leave of the root. */
  materialize(target: string, survives: Chance): void {
    this.#materialize(this.#root, target, survives);
  }

  #materialize(path: string, target: string, survives: Chance): void {
    mkdirSync(target, { recursive: true });
    const directory = this.#directories.get(path);
    if (directory === undefined) return;
    const names = new Map(directory.durable);
    for (const { item } of directory.pending) {
      if (!survives()) continue;
      if (item.inode === null) names.delete(item.name);
      else names.set(item.name, item.inode);
    }
    for (const [name, inode] of names) {
      if (inode === "directory") this.#materialize(join(path, name), join(target, name), survives);
      else writeFileSync(join(target, name), contentsOf(inode, survives));
    }
  }

  #opened({ args, result, ended }: SystemCall): void {
    const at = args.findIndex((arg) => arg.startsWith('"'));
    const path = pathOf(args[at]);
    const flags = args[at + 1] ?? "";
    if (!this.#isInside(path)) return;
    if (this.#directories.has(path)) {
      this.#open.set(result, { path, inode: null, offset: 0 });
      return;
    }
    const known = this.#names.get(path);
    const inode = known ?? new Inode();
    if (known === undefined) {
      if (!flags.includes("O_CREAT")) throw new Error(`${path} was opened and is not in the model`);
      this.#add(path, inode, ended);
    }
    if (flags.includes("O_TRUNC") && inode.size > 0) change(inode, { kind: "truncate", size: 0 }, ended);
    this.#open.set(result, { path, inode, offset: 0 });
  }

  #wrote({ name, args, result, ended }: SystemCall): void {
    const file = this.#open.get(Number(args[0]));
    if (file === undefined || file.inode === null) return;
    const offset = name === "pwrite64" ? Number(args[3]) : file.offset;
    if (name === "write") file.offset += result;
    change(file.inode, { kind: "write", offset, data: bytesOf(args[1]).subarray(0, result) }, ended);
  }

  #truncated({ args, ended }: SystemCall): void {
    const inode = this.#open.get(Number(args[0]))?.inode;
    if (inode === undefined || inode === null || inode.size === Number(args[1])) return;
    change(inode, { kind: "truncate", size: Number(args[1]) }, ended);
  }

  #sync({ args, result, began }: SystemCall): void {
    const file = this.#open.get(Number(args[0]));
    if (file === undefined) return;
    if (file.inode !== null) {
      const { inode } = file;
      if (result === 0)
        for (const { item, at } of inode.pending) if (at < began) inode.durable = changed(inode.durable, item);
      inode.pending = inode.pending.filter(({ at }) => at > began);
      return;
    }
    const directory = this.#directories.get(file.path);
    if (directory === undefined) return;
    for (const { item, at } of directory.pending) {
      if (at > began || result !== 0) continue;
      if (item.inode === null) directory.durable.delete(item.name);
      else directory.durable.set(item.name, item.inode);
    }
    // Names are journalled: a failed sync leaves them to the next.
    if (result === 0) directory.pending = directory.pending.filter(({ at }) => at > began);
  }

  #madeDirectory({ args, ended }: SystemCall): void {
    const path = pathOf(args[0]);
    if (!this.#isInside(path)) return;
    this.#directories.set(path, new Directory());
    this.#name(path, "directory", ended);
  }

  #linked({ args, ended }: SystemCall): void {
    const inode = this.#names.get(pathOf(args[0]));
    if (inode !== undefined) this.#add(pathOf(args[1]), inode, ended);
  }

  #renamed({ args, ended }: SystemCall): void {
    const inode = this.#names.get(pathOf(args[0]));
    if (inode === undefined) return;
    this.#add(pathOf(args[1]), inode, ended);
    this.#remove(pathOf(args[0]), ended);
  }

  #add(path: string, inode: Inode, at: number): void {
    this.#names.set(path, inode);
    this.#name(path, inode, at);
  }

  #remove(path: string, at: number): void {
    if (!this.#isInside(path)) return;
    this.#names.delete(path);
    this.#directories.delete(path);
    this.#name(path, null, at);
  }

  #name(path: string, inode: Inode | "directory" | null, at: number): void {
    const directory = this.#directories.get(dirname(path));
    if (directory === undefined) throw new Error(`${path} is in no directory of the model`);
    directory.pending.push({ item: { name: basename(path), inode }, at });
  }

  #isInside(path: string): boolean {
    return path === this.#root || path.startsWith(`${this.#root}/`);
  }

  /** A call the model does not know may do no harm elsewhere; here it would make the model wrong. */
  #requireOutside({ name, args }: SystemCall): void {
    const touches = args.some((arg) => arg.includes(this.#root) || this.#open.has(Number(arg)));
    if (touches) throw new Error(`the model does not know ${name}(${args.join(", ").slice(0, 80)})`);
  }
}

const pathOf = (argument: string | undefined): string => Buffer.from(bytesOf(argument)).toString("utf8");

function change(inode: Inode, item: Change, at: number): void {
  inode.pending.push({ item, at });
  inode.size = item.kind === "truncate" ? item.size : Math.max(inode.size, item.offset + item.data.length);
}

function changed(bytes: Uint8Array, item: Change): Uint8Array {
  if (item.kind === "truncate") return resized(bytes, item.size);
  const grown = resized(bytes, Math.max(bytes.length, item.offset + item.data.length));
  grown.set(item.data, item.offset);
  return grown;
}

function resized(bytes: Uint8Array, size: number): Uint8Array {
  const copy = new Uint8Array(size);
  copy.set(bytes.subarray(0, size));
  return copy;
}

function contentsOf({ durable, pending }: Inode, survives: Chance): Uint8Array {
  return pending.reduce((bytes, { item }) => (survives() ? changed(bytes, item) : bytes), durable);
}
