import { type Remembered, treeHeadKey } from "../admit/terms.ts";
import { type Verdict } from "../admit/verdict.ts";
import { guard, openDatabase, type Schema, type Sqlite } from "./database.ts";

/** What verifiers remember between runs, so that nothing can quietly go back. */
const MEMORY_SCHEMA: Schema = {
  // "assm"
  applicationId: 0x6173736d,
  migrations: [
    `CREATE TABLE policies (name TEXT PRIMARY KEY NOT NULL, version INTEGER NOT NULL) STRICT;
     CREATE TABLE products (name TEXT PRIMARY KEY NOT NULL, sequence INTEGER, latest INTEGER) STRICT;
     CREATE TABLE tree_heads (
       log_id TEXT NOT NULL, tree_size INTEGER NOT NULL, root_hash TEXT NOT NULL,
       PRIMARY KEY (log_id, tree_size)
     ) STRICT, WITHOUT ROWID;`,
  ],
};

interface PolicyRow {
  readonly version: number;
}
interface ProductRow {
  readonly name: string;
  readonly sequence: number | null;
  readonly latest: number | null;
}
interface TreeHeadRow {
  readonly log_id: string;
  readonly tree_size: number;
  readonly root_hash: string;
}

/** A verifier's memory in an SQLite file, which parallel runs may share; everything in it only grows. */
export class VerdictMemory implements Disposable {
  readonly #path: string;
  readonly #database: Sqlite;

  /** @throws log/malformed, log/unsupported-version, log/unavailable, log/busy as opening a log's database does */
  constructor(path: string) {
    this.#path = path;
    this.#database = openDatabase(path, { schema: MEMORY_SCHEMA, journal: "truncate", access: "create" });
  }

  /** What is remembered that concerns a policy of this name. */
  recall(policy: string): Remembered {
    return guard(this.#path, () => {
      const row = this.#database
        .prepare<[string], PolicyRow>("SELECT version FROM policies WHERE name = ?")
        .get(policy);
      const products = this.#database.prepare<[], ProductRow>("SELECT name, sequence, latest FROM products").all();
      const heads = this.#database
        .prepare<[], TreeHeadRow>("SELECT log_id, tree_size, root_hash FROM tree_heads")
        .all();
      return {
        policyVersion: row?.version ?? null,
        products: new Map(products.map(({ name, sequence, latest }) => [name, { sequence, latest }])),
        roots: new Map(heads.map((head) => [treeHeadKey(head.log_id, head.tree_size), head.root_hash])),
      };
    });
  }

  /**
   * Keeps what a verdict proved: tree heads that a log signed always, policy and product only from a yes.
   *
   * @param version  of the policy; null for one made of flags, which has none
   */
  remember(policy: string, version: number | null, { admitted, checks }: Verdict): void {
    const keep = this.#database.transaction(() => {
      for (const { check, outcome, evidence } of checks) {
        if (outcome !== "pass") continue;
        if (check === "inclusion") this.#keepTreeHead(evidence);
        if (check === "status" && admitted) this.#keepProduct(evidence);
      }
      if (admitted && version !== null) {
        this.#database
          .prepare(
            "INSERT INTO policies VALUES (?, ?) ON CONFLICT DO UPDATE SET version = max(version, excluded.version)",
          )
          .run(policy, version);
      }
    });
    guard(this.#path, () => keep.immediate());
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  /** The first root of a size stays: another one later is the fork, whichever is true. */
  #keepTreeHead({ logId, treeSize, rootHash }: Verdict["checks"][number]["evidence"]): void {
    if (typeof logId !== "string" || typeof treeSize !== "number" || typeof rootHash !== "string") return;
    this.#database
      .prepare("INSERT INTO tree_heads VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
      .run(logId, treeSize, rootHash);
  }

  #keepProduct({ product, sequence, latest }: Verdict["checks"][number]["evidence"]): void {
    if (typeof product !== "string" || typeof sequence !== "number") return;
    this.#database
      .prepare(
        `INSERT INTO products VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET
           sequence = max(ifnull(sequence, excluded.sequence), excluded.sequence),
           latest = max(ifnull(latest, excluded.latest), ifnull(excluded.latest, latest))`,
      )
      .run(product, sequence, typeof latest === "number" ? latest : null);
  }
}
